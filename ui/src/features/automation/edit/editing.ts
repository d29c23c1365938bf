/** What an edit is: what was read when it began, and what was typed since. What others did meanwhile is the third. */

import { filled, type Schema } from "@/features/new/config/schema";
import { plainDuration } from "@/text/durations";

export type Config = Record<string, unknown>;

/** What of an automation can be edited, as a form has it: what is left empty is not there. */
export interface Editable {
  name: string;
  tags: string[];
  limits: Config;
  config: Config;
}

/** What is told of an automation, by its page or by a 412. */
export interface Told {
  name: string;
  config: Config;
  limits: Config;
  tags?: string[];
}

export interface Edit {
  /** How it stood when the edit began: what the edit is compared with. */
  base: Editable;
  /** Of which revision that was. */
  etag: string;
  mine: Editable;
}

export interface Difference {
  /** Dotted, such as `config.safety_orders.step`. */
  field: string;
  before: unknown;
  after: unknown;
}

export function editable(told: Told, schema: Schema, tags: string[] = []): Editable {
  return {
    name: told.name,
    tags: told.tags ?? tags,
    limits: (filled(told.limits) ?? {}) as Config,
    config: (readable(filled(told.config), schema) ?? {}) as Config,
  };
}

/** A config as people type it: durations are kept in another form than they were written in. */
export function readable(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === "string") return schema?.["x-widget"] === "duration" ? plainDuration(value) : value;
  if (Array.isArray(value)) return value.map((each) => readable(each, schema?.items as Schema | undefined));
  if (value === null || typeof value !== "object") return value;
  const known = schema?.properties as Record<string, Schema> | undefined;
  const more = schema?.additionalProperties;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      readable(each, known?.[name] ?? (typeof more === "object" ? (more as Schema) : undefined)),
    ]),
  );
}

/** In which fields two differ; a list is one field. */
export function differences(before: unknown, after: unknown, field = ""): Difference[] {
  if (isObject(before) || isObject(after)) {
    const one = isObject(before) ? before : {};
    const two = isObject(after) ? after : {};
    const names = [...new Set([...Object.keys(one), ...Object.keys(two)])];
    return names.flatMap((name) => differences(one[name], two[name], field ? `${field}.${name}` : name));
  }
  return same(before, after) ? [] : [{ field, before, after }];
}

/** What is sent: a name, limits and tags where they differ, and of the config the fields that do. */
export function changesOf({ base, mine }: Edit, schema: Schema): Config {
  const changes = changedConfig(base.config, mine.config, schema);
  return {
    ...(mine.name !== base.name ? { name: mine.name.trim() } : {}),
    ...(same(mine.tags, base.tags) ? {} : { tags: mine.tags }),
    ...(same(filled(mine.limits) ?? {}, base.limits) ? {} : { limits: filled(mine.limits) ?? {} }),
    ...(Object.keys(changes).length > 0 ? { changes } : {}),
  };
}

/** Fields whose value is another; one that was emptied is what its type takes by default. */
export function changedConfig(before: Config, after: Config, schema: Schema): Config {
  const now = (filled(after) ?? {}) as Config;
  const found: Config = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (same(before[name], now[name])) continue;
    const field = schema.properties?.[name] as Schema | undefined;
    found[name] = now[name] ?? field?.default ?? null;
  }
  return found;
}

export interface Choice extends Difference {
  /** How it stood before both. */
  base: unknown;
  /** Whether it is mine that is kept where nobody says otherwise: what I did not touch is theirs. */
  mineFirst: boolean;
}

/** Fields in which what I typed is other than what holds now: `before` is mine, `after` is theirs. */
export function choices(base: Editable, mine: Editable, theirs: Editable): Choice[] {
  return differences({ ...mine, config: filled(mine.config) ?? {}, limits: filled(mine.limits) ?? {} }, theirs).map(
    (each) => {
      const was = at(base, each.field);
      return { ...each, base: was, mineFirst: !same(each.before, was) };
    },
  );
}

/** Theirs, with those fields of mine that are kept. */
export function merged(mine: Editable, theirs: Editable, kept: readonly Choice[]): Editable {
  const found = structuredClone(theirs);
  for (const { field } of kept) put(found as unknown as Config, field.split("."), at(mine, field));
  return found;
}

function at(value: unknown, field: string): unknown {
  return field.split(".").reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function put(place: Config, [name = "", ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    if (value === undefined) delete place[name];
    else place[name] = value;
    return;
  }
  const inner = isObject(place[name]) ? place[name] : {};
  place[name] = inner;
  put(inner, rest, value);
}

export function same(one: unknown, two: unknown): boolean {
  return JSON.stringify(sorted(one) ?? null) === JSON.stringify(sorted(two) ?? null);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

function isObject(value: unknown): value is Config {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

// What was typed is kept in this tab until it is saved: neither a reload nor a session that ends loses it. -------------

function key(id: string): string {
  return `octobot.edit.${id}`;
}

export function readEdit(id: string): Edit | null {
  try {
    return JSON.parse(sessionStorage.getItem(key(id)) ?? "null") as Edit | null;
  } catch {
    return null;
  }
}

export function keepEdit(id: string, edit: Edit): void {
  try {
    sessionStorage.setItem(key(id), JSON.stringify(edit));
  } catch {
    // A browser that keeps nothing: it is on the page until that is left.
  }
}

export function forgetEdit(id: string): void {
  try {
    sessionStorage.removeItem(key(id));
  } catch {
    // Nothing was kept.
  }
}
