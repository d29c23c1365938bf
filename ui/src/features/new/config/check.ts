/** What can be said of a config before the node is asked: what is missing, and what is no number or out of bounds. */

import { compare } from "@/text/decimal";
import { filled, type Schema } from "./schema";

export type FieldErrors = Record<string, string[]>;

const AMOUNT = /^-?\d+(\.\d+)?$/;

/** Errors by dotted path; nothing of what was left out and may be. */
export function check(schema: Schema, value: unknown, path = ""): FieldErrors {
  const given = filled(value);
  if (given === undefined) return {};
  if (schema.type === "object" && schema.properties) return checkObject(schema, given as Record<string, unknown>, path);
  if (schema.type === "array" && Array.isArray(value)) {
    return Object.assign(
      {},
      ...value.map((each, index) => check(schema.items as Schema, each, join(path, String(index)))),
    );
  }
  const wrong = reason(schema, given);
  return wrong ? { [path]: [wrong] } : {};
}

export function join(path: string, key: string): string {
  return path ? `${path}.${key}` : key;
}

function checkObject(schema: Schema, given: Record<string, unknown>, path: string): FieldErrors {
  const found: FieldErrors = {};
  for (const name of schema.required ?? []) {
    if (filled(given[name]) === undefined) found[join(path, name)] = ["This is needed."];
  }
  for (const [name, each] of Object.entries(schema.properties ?? {})) {
    Object.assign(found, check(each as Schema, given[name], join(path, name)));
  }
  return found;
}

function reason(schema: Schema, given: unknown): string | null {
  if (schema.format === "decimal") return ofDecimal(schema, String(given));
  if (schema.type === "integer") {
    const number = Number(given);
    if (!Number.isInteger(number)) return "Write a whole number.";
    if (schema.minimum !== undefined && number < schema.minimum) return `It is at least ${schema.minimum}.`;
    if (schema.maximum !== undefined && number > schema.maximum) return `It is at most ${schema.maximum}.`;
  }
  if (schema.type === "string" && schema.pattern && !matches(schema.pattern, String(given))) {
    const [example] = (schema.examples ?? []) as unknown[];
    return example === undefined ? "It is not written like that." : `Write it like ${String(example)}.`;
  }
  return null;
}

function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    // A pattern of Python's that is none here: the node will say.
    return true;
  }
}

function ofDecimal(schema: Schema, text: string): string | null {
  if (!AMOUNT.test(text)) return "Write a number, with a point and without signs for thousands.";
  const bound = (hint: "x-above" | "x-below" | "x-minimum" | "x-maximum") => {
    const found = schema[hint];
    return typeof found === "string" && AMOUNT.test(found) ? found : null;
  };
  const [above, below, least, most] = [bound("x-above"), bound("x-below"), bound("x-minimum"), bound("x-maximum")];
  if (above !== null && compare(text, above) <= 0) return `It is more than ${above}.`;
  if (below !== null && compare(text, below) >= 0) return `It is less than ${below}.`;
  if (least !== null && compare(text, least) < 0) return `It is at least ${least}.`;
  if (most !== null && compare(text, most) > 0) return `It is at most ${most}.`;
  return null;
}
