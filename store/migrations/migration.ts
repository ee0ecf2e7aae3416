/** One step of the schema. A migration that was released is never edited: the next one corrects it. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** SQL, one statement each; nothing newer than PostgreSQL 15. */
  readonly statements: readonly string[];
}
