/** $filter as both services understand it: text → expression → a test of rows. Differences are options. */
import { compareDecimals, isDecimal } from "./decimal.ts";
import type { Cell, Row } from "./tables.ts";

/** How a field's values compare. A lookup or id is "guid"; a choice "integer", or "text" where it is a word. */
export type FilterKind = "text" | "decimal" | "integer" | "boolean" | "date" | "datetime" | "guid";

export interface FilterRules {
  /** The kind of a property as it is named in addresses; undefined: there is no such property. */
  readonly kind: (property: string) => FilterKind | undefined;
  /** Its value in a row; the row's own field of that name by default. */
  readonly value?: (row: Row, property: string) => Cell;
  /** Text compares without regard to case (Dataverse, and code fields of Business Central). */
  readonly caseInsensitive?: boolean;
  /** False: `or` between different fields is refused (Business Central). */
  readonly orAcrossFields?: boolean;
}

/** Why a filter (or another query option) is refused; each service puts it in its own words and code. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  constructor(
    readonly kind: "syntax" | "unknown_property" | "types" | "or_across_fields" | "unsupported",
    text: string,
  ) {
    super(text);
  }
}

interface Literal {
  readonly literal: Cell;
  readonly kind: FilterKind | "null" | "number";
}
type Operand = Literal | { readonly property: string };
type Expression =
  | { readonly op: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly op: "not"; readonly of: Expression }
  | { readonly op: Comparison | TextTest; readonly values: readonly [Operand, Operand] };
type Comparison = "eq" | "ne" | "gt" | "ge" | "lt" | "le";
type TextTest = "contains" | "startswith" | "endswith";
const comparisons: readonly string[] = ["eq", "ne", "gt", "ge", "lt", "le"];
const textTests: readonly string[] = ["contains", "startswith", "endswith"];
/** True, false, or null where a null value makes it unknown. */
type Truth = boolean | null;

/** Compiles a filter. Throws {@link QueryError}. A row for which the filter is unknown (null compared) doesn't pass. */
export function compileFilter(text: string, rules: FilterRules): (row: Row) => boolean {
  const expression = parseFilter(text);
  if (rules.orAcrossFields === false) refuseOr(expression);
  const test = compile(expression, rules);
  return (row) => test(row) === true;
}

const TOKEN =
  /\s*(?:('(?:[^']|'')*')|([0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})|(\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?)|(-?\d+(?:\.\d+)?)|([A-Za-z_@][\w./@]*)|([(),]))/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new QueryError("syntax", `Syntax error at position ${at} in '${text}'.`);
    found.push(match[0].trim());
  }
  return found;
}

function parseFilter(text: string): Expression {
  const parts = tokens(text);
  let at = 0;
  const wrong = () => new QueryError("syntax", `Syntax error near '${parts[at] ?? "the end"}' in '${text}'.`);
  const expect = (part: string) => {
    if (parts[at++] !== part) throw (at--, wrong());
  };
  function either(): Expression {
    let left = both();
    while (parts[at] === "or") left = (at++, { op: "or", left, right: both() });
    return left;
  }
  function both(): Expression {
    let left = single();
    while (parts[at] === "and") left = (at++, { op: "and", left, right: single() });
    return left;
  }
  function single(): Expression {
    const part = parts[at];
    if (part === "not") return at++, { op: "not", of: single() };
    if (part === "(") {
      at++;
      const inner = either();
      expect(")");
      return inner;
    }
    if (part !== undefined && textTests.includes(part) && parts[at + 1] === "(") {
      at += 2;
      const left = operand();
      expect(",");
      const right = operand();
      expect(")");
      return { op: part as TextTest, values: [left, right] };
    }
    if (parts[at + 1] === "(" && /^\w/.test(part ?? "")) {
      throw new QueryError("unsupported", `The function '${part}' is not supported.`);
    }
    const left = operand();
    const op = parts[at++] ?? "";
    if (op === "in") throw new QueryError("unsupported", "The operator 'in' is not supported.");
    if (!comparisons.includes(op)) throw (at--, wrong());
    return { op: op as Comparison, values: [left, operand()] };
  }
  function operand(): Operand {
    const part = parts[at];
    if (part === undefined || "(),".includes(part)) throw wrong();
    at++;
    if (part.startsWith("'")) return { literal: part.slice(1, -1).replaceAll("''", "'"), kind: "text" };
    if (part === "null") return { literal: null, kind: "null" };
    if (part === "true" || part === "false") return { literal: part === "true", kind: "boolean" };
    if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(part)) return { literal: part.toLowerCase(), kind: "guid" };
    if (/^\d{4}-\d{2}-\d{2}$/.test(part)) return { literal: part, kind: "date" };
    if (/^\d{4}-\d{2}-\d{2}T/.test(part)) return { literal: part, kind: "datetime" };
    if (isDecimal(part)) return { literal: part, kind: "number" };
    return { property: part };
  }
  const result = either();
  if (at < parts.length) throw wrong();
  return result;
}

function compile(expression: Expression, rules: FilterRules): (row: Row) => Truth {
  if ("left" in expression) {
    const [left, right] = [compile(expression.left, rules), compile(expression.right, rules)];
    const decisive = expression.op === "or"; // one operand with this value decides
    return (row) => {
      const first = left(row);
      if (first === decisive) return decisive;
      const second = right(row);
      return second === decisive ? decisive : first === null || second === null ? null : !decisive;
    };
  }
  if (expression.op === "not") {
    const inner = compile(expression.of, rules);
    return (row) => {
      const truth = inner(row);
      return truth === null ? null : !truth;
    };
  }
  const { op, values } = expression;
  const [left, right] = [kindOf(values[0], rules), kindOf(values[1], rules)];
  const kind = common(left, right);
  if (kind === null || (textTests.includes(op) && kind !== "text")) {
    throw new QueryError("types", `The types ${left} and ${right} can't be used with '${op}'.`);
  }
  const [a, b] = [reader(values[0], kind, rules), reader(values[1], kind, rules)];
  if (textTests.includes(op)) {
    return (row) => {
      const [value, part] = [a(row), b(row)];
      return value === null || part === null ? null : textTest(op as TextTest, String(value), String(part));
    };
  }
  const againstNull = values.some((side) => "literal" in side && side.literal === null);
  return (row) => {
    const [value, other] = [a(row), b(row)];
    if (againstNull) return op === "eq" ? value === other : op === "ne" ? value !== other : null;
    return value === null || other === null ? null : holds(op as Comparison, order(value, other, kind));
  };
}

function textTest(op: TextTest, value: string, part: string): boolean {
  if (op === "contains") return value.includes(part);
  return op === "startswith" ? value.startsWith(part) : value.endsWith(part);
}

function holds(op: Comparison, order: number): boolean {
  if (op === "eq") return order === 0;
  if (op === "ne") return order !== 0;
  if (op === "gt") return order > 0;
  if (op === "ge") return order >= 0;
  return op === "lt" ? order < 0 : order <= 0;
}

function kindOf(operand: Operand, rules: FilterRules): Literal["kind"] {
  if ("kind" in operand) return operand.kind;
  const kind = rules.kind(operand.property);
  if (kind === undefined) {
    throw new QueryError("unknown_property", `Could not find a property named '${operand.property}'.`);
  }
  return kind;
}

/** The kind in which two operands compare, or null when they don't. */
function common(a: Literal["kind"], b: Literal["kind"]): FilterKind | null {
  if (a === "null") return b === "null" || b === "number" ? "text" : b;
  if (b === "null") return a === "number" ? "text" : a;
  const numeric = ["number", "decimal", "integer"];
  if (numeric.includes(a) && numeric.includes(b)) return "decimal";
  if ((a === "date" || a === "datetime") && (b === "date" || b === "datetime")) return a === b ? a : "datetime";
  return a === b && a !== "number" ? a : null;
}

function reader(operand: Operand, kind: FilterKind, rules: FilterRules): (row: Row) => Cell {
  const prepared = (value: Cell): Cell => {
    if (value === null || kind === "boolean") return value;
    if (kind === "datetime") return new Date(String(value)).getTime();
    return kind === "guid" || (kind === "text" && rules.caseInsensitive) ? String(value).toLowerCase() : String(value);
  };
  if ("literal" in operand) {
    const value = prepared(operand.literal);
    return () => value;
  }
  const { property } = operand;
  return (row) => prepared(rules.value === undefined ? row[property] ?? null : rules.value(row, property));
}

/** Negative, zero or positive; values are not null and were prepared by {@link reader}. */
function order(a: Cell, b: Cell, kind: FilterKind): number {
  if (kind === "decimal") return compareDecimals(String(a), String(b));
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}

/** Each `or` may join comparisons of one field only. */
function refuseOr(expression: Expression): void {
  if (expression.op === "not") return refuseOr(expression.of);
  if (!("left" in expression)) return;
  if (expression.op === "or" && properties(expression).size > 1) {
    throw new QueryError("or_across_fields", "The filter joins different fields by 'or'.");
  }
  refuseOr(expression.left);
  refuseOr(expression.right);
}

function properties(expression: Expression): Set<string> {
  if (expression.op === "not") return properties(expression.of);
  if ("left" in expression) {
    return new Set([...properties(expression.left), ...properties(expression.right)]);
  }
  return new Set(expression.values.flatMap((side) => "property" in side ? [side.property] : []));
}
