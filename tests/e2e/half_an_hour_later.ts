/** Loaded before the program: its clock is half an hour ahead. */
const now = Date.now;
Date.now = () => now() + 1_800_000;
