/**
 * A type's JSON schema, made into one that forms are drawn from: one shape for each kind of value. A decimal is text with
 * the format `decimal`, whatever may be left out has no `null` beside it, and titles are words and no class names.
 */

import type { RJSFSchema } from "@rjsf/utils";

export type Schema = RJSFSchema & { [hint: `x-${string}`]: unknown };

const DECIMAL = "^-?[0-9]+([.][0-9]+)?$";

export function normalised(root: Schema): Schema {
  return walked(root, root, "") as Schema;
}

function walked(schema: Schema, root: Schema, name: string): Schema {
  const found = withoutNull(resolved(schema, root), root);
  if (isDecimal(found)) return decimal(found, schema);
  const next: Schema = { ...found, title: titleOf(schema, found, name) };
  delete next["$defs"];
  if (next.default === null) delete next.default;
  if (found.properties) {
    next.properties = Object.fromEntries(
      Object.entries(found.properties).map(([key, each]) => [key, walked(each as Schema, root, key)]),
    );
    next.required = (found.required ?? []).filter((key) => key in (found.properties ?? {}));
  }
  if (found.items && typeof found.items === "object" && !Array.isArray(found.items)) {
    next.items = walked(found.items as Schema, root, name);
  }
  const [pattern] = Object.values(found.patternProperties ?? {});
  if (pattern && typeof pattern === "object") {
    // rjsf draws keys that somebody adds out of additionalProperties.
    next.additionalProperties = walked(pattern as Schema, root, "");
    delete next.patternProperties;
  } else if (typeof found.additionalProperties === "object") {
    next.additionalProperties = walked(found.additionalProperties as Schema, root, "");
  }
  return next;
}

function resolved(schema: Schema, root: Schema): Schema {
  const ref = schema.$ref;
  if (!ref) return schema;
  const { $ref: _, ...own } = schema;
  const target = root["$defs"]?.[ref.split("/").at(-1) ?? ""];
  return { ...(target && typeof target === "object" ? resolved(target as Schema, root) : {}), ...own } as Schema;
}

/** Of `anyOf: [what it is, null]` what it is: what may be left out is left empty. */
function withoutNull(schema: Schema, root: Schema): Schema {
  if (!schema.anyOf) return schema;
  const { anyOf, ...own } = schema;
  const kinds = (anyOf as Schema[]).map((each) => resolved(each, root)).filter((each) => each.type !== "null");
  const [only] = kinds;
  if (kinds.length === 1 && only) return { ...withoutNull(only, root), ...own } as Schema;
  return { ...own, anyOf: kinds } as Schema;
}

function isDecimal(schema: Schema): boolean {
  if (schema.format === "decimal" || schema.type === "number") return true;
  const kinds = (schema.anyOf ?? []) as Schema[];
  return (
    kinds.length === 2 && kinds.some((each) => each.type === "number") && kinds.some((each) => each.type === "string")
  );
}

/** Bounds are kept as hints: JSON schema has none for text. */
function decimal(found: Schema, named: Schema): Schema {
  const number = ((found.anyOf ?? []) as Schema[]).find((each) => each.type === "number") ?? found;
  const { anyOf: _, ...own } = found;
  const kept: Schema = {
    ...own,
    type: "string",
    format: "decimal",
    pattern: DECIMAL,
    title: titleOf(named, found, ""),
  };
  const bounds = {
    minimum: "x-minimum",
    maximum: "x-maximum",
    exclusiveMinimum: "x-above",
    exclusiveMaximum: "x-below",
  } as const;
  for (const [from, to] of Object.entries(bounds) as Array<
    [keyof typeof bounds, (typeof bounds)[keyof typeof bounds]]
  >) {
    if (number[from] !== undefined) kept[to] = String(number[from]);
    delete kept[from];
  }
  if (kept.default === null) delete kept.default;
  return kept;
}

function titleOf(named: Schema, found: Schema, name: string): string {
  // The title of a definition is its class; a field's own is words.
  const own = named.title && !named.$ref ? named.title : undefined;
  const title = own && (own.includes(" ") || own === own.charAt(0) + own.slice(1).toLowerCase()) ? own : undefined;
  const words = (name || found.title || "").replaceAll("_", " ");
  return title ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** What was filled in: neither what was left empty nor what is empty inside. */
export function filled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(filled).filter((each) => each !== undefined);
  if (value !== null && typeof value === "object") {
    const kept = Object.entries(value)
      .map(([key, each]) => [key, filled(each)] as const)
      .filter(([, each]) => each !== undefined);
    return kept.length > 0 ? Object.fromEntries(kept) : undefined;
  }
  return value === "" || value === null ? undefined : value;
}
