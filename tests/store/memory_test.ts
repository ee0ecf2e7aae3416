import { memoryStore } from "../../store/memory.ts";
import { storeSuite } from "../conformance/store.ts";

storeSuite("memoryStore()", () => Promise.resolve({ store: memoryStore(), close: () => Promise.resolve() }));
