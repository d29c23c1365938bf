/**
 * Where a config would order later than at its first tick, drawn while one types: rungs of a grid, safety orders, exits.
 * The node's plan says what comes first, a form's own hints what its prices and percentages are (`x-draws`, of any type);
 * of ladders and of what hangs on an entry only the type knows, and these are the built-in ones.
 * Floats are right here: these are pixels, and nothing is ordered by them.
 */

import type { Line } from "@/features/automation/chart/drawing";
import type { Schema } from "./schema";

type Config = Record<string, unknown>;

const SKETCHES: Record<string, (config: Config, last: number) => Line[]> = {
  "octobot_tentacles.dca": dca,
  "octobot_tentacles.grid": grid,
  "octobot_tentacles.smart_trade": smartTrade,
};

const MOST = 201;

export function sketched(type: string, config: Config, last: number | null): Line[] {
  if (last === null || !(last > 0)) return [];
  return (SKETCHES[type]?.(config, last) ?? []).filter((line) => Number.isFinite(line.price) && line.price > 0);
}

function number(value: unknown): number | null {
  const found =
    typeof value === "number" ? value : typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  return Number.isFinite(found) ? found : null;
}

function part(value: unknown): Config | null {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Config) : null;
}

/** What a percentage says of the last price: below it, above it, or both. */
const SIDES: Record<string, readonly (1 | -1)[]> = { buy: [-1], stop: [-1], sell: [1], target: [1], level: [1, -1] };

/** What an author's form says of its fields (`x-draws`), in objects and lists, too: of types of anybody. */
export function hinted(schema: Schema, value: unknown, last: number | null): Line[] {
  const draws = schema["x-draws"];
  if (typeof draws === "string" && Object.hasOwn(SIDES, draws)) {
    const typed = number(value);
    if (typed === null || typed <= 0) return [];
    const title = typeof schema.title === "string" ? schema.title.toLowerCase() : "";
    const at = (price: number): Line => ({
      price,
      kind: draws as Line["kind"],
      labelled: true,
      ...(title ? { title } : {}),
    });
    if (schema["x-unit"] !== "%") return [at(typed)];
    return last === null ? [] : (SIDES[draws] ?? []).map((side) => at(last * (1 + (side * typed) / 100)));
  }
  if (Array.isArray(value))
    return value.slice(0, MOST).flatMap((each) => hinted((schema.items ?? {}) as Schema, each, last));
  const fields = part(value);
  if (!fields) return [];
  return Object.entries(schema.properties ?? {})
    .flatMap(([name, field]) => hinted(field as Schema, fields[name], last))
    .filter((line) => Number.isFinite(line.price) && line.price > 0);
}

/** Safety orders below the price at which a deal begins. */
function dca(config: Config, last: number): Line[] {
  const found: Line[] = [];
  const safety = part(config["safety_orders"]);
  if (!safety) return found;
  const count = Math.min(20, number(safety["count"]) ?? 3);
  const scale = number(safety["step_scale"]) ?? 1;
  let gap = number(safety["step"]) ?? 2;
  let drop = 0;
  for (let order = 1; order <= count; order++) {
    drop += gap;
    gap *= scale;
    const ends = order === 1 || order === count;
    found.push({
      price: last * (1 - drop / 100),
      kind: "buy",
      labelled: ends,
      ...(ends ? { title: `safety ${order}` } : {}),
    });
  }
  return found;
}

/** Every rung: to buy below the price, to sell above it. */
function grid(config: Config, last: number): Line[] {
  const around = number(config["around"]);
  const lower = around === null ? number(config["lower"]) : last * (1 - around / 100);
  const upper = around === null ? number(config["upper"]) : last * (1 + around / 100);
  if (lower === null || upper === null || !(lower > 0) || !(upper > lower)) return [];
  const rungs = rungsOf(config, lower, upper);
  const nearest = {
    buy: Math.max(...rungs.filter((price) => price <= last)),
    sell: Math.min(...rungs.filter((price) => price > last)),
  };
  return rungs.map((price) => {
    const kind = price > last ? "sell" : "buy";
    return { price, kind, labelled: price === nearest[kind] || price === rungs[0] || price === rungs.at(-1) };
  });
}

function rungsOf(config: Config, lower: number, upper: number): number[] {
  const geometric = config["spacing"] === "geometric";
  const levels = number(config["levels"]);
  if (levels !== null) {
    const count = Math.min(MOST, Math.floor(levels));
    if (count < 2) return [];
    return Array.from({ length: count }, (_, rung) =>
      geometric ? lower * (upper / lower) ** (rung / (count - 1)) : lower + ((upper - lower) * rung) / (count - 1),
    );
  }
  const step = number(config["step"]);
  if (step === null || step <= 0) return [];
  const found: number[] = [];
  for (let rung = 0; rung < MOST; rung++) {
    const price = geometric ? lower * (1 + step / 100) ** rung : lower * (1 + (step / 100) * rung);
    if (price > upper * (1 + 1e-12)) break;
    found.push(price);
  }
  return found;
}

/** One trade: where it would be bought, where it would be sold with a gain, and where without. */
function smartTrade(config: Config, last: number): Line[] {
  const found: Line[] = [];
  const entry = part(config["entry"]) ?? {};
  const at = number(entry["limit"]) ?? number(entry["above"]) ?? number(entry["below"]);
  if (at !== null) found.push({ price: at, kind: "buy", labelled: true, title: "entry" });
  const from = at ?? last;
  const targets = Array.isArray(config["take_profits"]) ? config["take_profits"] : [];
  for (const [index, each] of targets.entries()) {
    const price = away(part(each), from, 1);
    if (price !== null) found.push({ ...target(price), title: targets.length > 1 ? `target ${index + 1}` : "target" });
  }
  const stop = away(part(config["stop_loss"]), from, -1);
  if (stop !== null) found.push({ price: stop, kind: "stop", labelled: true, title: "stop" });
  const trailing = number(part(config["trailing"])?.["percent"]);
  if (trailing !== null) {
    found.push({ price: from * (1 - trailing / 100), kind: "stop", labelled: true, title: "trailing stop" });
  }
  return found;
}

function away(level: Config | null, from: number, side: 1 | -1): number | null {
  const percent = number(level?.["percent"]);
  return percent === null ? number(level?.["price"]) : from * (1 + (side * percent) / 100);
}

function target(price: number): Line {
  return { price, kind: "target", labelled: true, title: "target" };
}
