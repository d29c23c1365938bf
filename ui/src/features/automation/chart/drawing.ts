/** What is drawn over candles, worked out apart from what draws it. Floats are right here: these are pixels. */

import type { CoursePoint, FillRow, OrderRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { toDraw } from "@/text/decimal";

type Told = readonly [number, number, number, number, number, number];

export interface DrawnCandle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
}

/** Closed candles, and the one that forms as far as it is known, up to the last price. */
export function candlesOf(
  series: { candles: readonly Told[]; forming?: Told | null } | undefined,
  last: number | null,
): DrawnCandle[] {
  if (!series) return [];
  const told = series.forming ? [...series.candles, series.forming] : series.candles;
  const found = told.map(([at, open, high, low, close]) => ({ time: at / 1000, open, high, low, close }));
  const newest = found.at(-1);
  if (series.forming && newest && last !== null) {
    found[found.length - 1] = {
      ...newest,
      close: last,
      high: Math.max(newest.high, last),
      low: Math.min(newest.low, last),
    };
  }
  return found;
}

/** A fill, or several of one side in one candle. */
export interface Mark {
  /** The candle's opening time, in seconds. */
  time: number;
  side: "buy" | "sell";
  count: number;
}

export interface Line {
  price: number;
  kind: "buy" | "sell" | "stop" | "target" | "level" | "unknown" | "average";
  /** Only the nearest order of each side has its price on the axis. */
  labelled: boolean;
  /** What it is, beside its price. */
  title?: string;
}

/** Opening times in seconds, rising. The last one at or before `at`; null before the first. */
function candleOf(times: readonly number[], at: number): number | null {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : (times[low - 1] ?? null);
}

export function marksOf(fills: readonly FillRow[], symbol: string, times: readonly number[]): Mark[] {
  const found = new Map<string, Mark>();
  for (const fill of fills) {
    if (fill.symbol !== symbol) continue;
    const time = candleOf(times, Date.parse(fill.at) / 1000);
    if (time === null) continue;
    const side = fill.side === "buy" ? "buy" : "sell";
    const known = found.get(`${time} ${side}`);
    if (known) known.count += 1;
    else found.set(`${time} ${side}`, { time, side, count: 1 });
  }
  return [...found.values()].sort((a, b) => a.time - b.time);
}

/** `most` of each side, the nearest: a hundred lines are a carpet, and the ladder beside the chart has all of them. */
export function linesOf(detail: AutomationDetail, symbol: string, last: number | null, most = 40): Line[] {
  const found: Line[] = [];
  for (const order of detail.orders) {
    if (order.symbol !== symbol) continue;
    const line = lineOf(order);
    if (line) found.push(line);
  }
  const position = detail.positions.find((each) => each.symbol === symbol);
  if (position?.average && toDraw(position.amount) > 0) {
    found.push({ price: toDraw(position.average), kind: "average", labelled: true, title: "average cost" });
  }
  found.push(...levelsOf(detail, symbol, found));
  for (const kind of ["buy", "sell"] as const) {
    const side = found.filter((line) => line.kind === kind);
    const reference = last ?? side[0]?.price ?? 0;
    side.sort((a, b) => Math.abs(a.price - reference) - Math.abs(b.price - reference));
    if (side[0]) side[0].labelled = true;
    for (const far of side.slice(most)) found.splice(found.indexOf(far), 1);
  }
  return found;
}

function lineOf(order: OrderRow): Line | null {
  const price = order.price ?? order.stop;
  if (price === null) return null;
  const unknown = order.status === "unknown";
  const kind = unknown ? "unknown" : order.stop !== null ? "stop" : order.side === "buy" ? "buy" : "sell";
  const meant = kind === "buy" || kind === "sell" ? meaning(order.tag) : null;
  if (meant) return { price: toDraw(price), ...meant, labelled: true };
  const title = kind === "stop" ? "stop" : kind === "unknown" ? "unknown" : null;
  return { price: toDraw(price), kind, labelled: title !== null, ...(title ? { title } : {}) };
}

/** What an author's own word for an order, or the name of a setting, says that a price is. */
function meaning(word: string): { kind: "stop" | "target"; title: string } | null {
  if (/stop|trail/i.test(word)) return { kind: "stop", title: "stop" };
  if (/profit|target/i.test(word)) return { kind: "target", title: "target" };
  return null;
}

/** Prices that wake it, though no order rests there: stops and targets that it watches itself. */
function levelsOf(detail: AutomationDetail, symbol: string, drawn: readonly Line[]): Line[] {
  const named = namedPrices(detail.config);
  const holds = detail.positions.some((each) => each.symbol === symbol && toDraw(each.amount) > 0);
  // What it watches on the losing side of what it holds is its stop, where it has one, and its target on the other.
  const meanings = named.flatMap(([name]) => meaning(name) ?? []);
  const exit = (side: string) =>
    holds ? meanings.find(({ kind }) => kind === (side === "below" ? "stop" : "target")) : undefined;
  return Object.entries(detail.levels ?? {}).flatMap(([side, prices]): Line[] => {
    const text = prices[symbol];
    if (text === undefined) return [];
    const price = toDraw(text);
    if (drawn.some((line) => line.price === price)) return [];
    const meant = meaning(named.find(([, value]) => toDraw(value) === price)?.[0] ?? "") ?? exit(side);
    return [{ price, labelled: true, ...(meant ?? { kind: "level", title: `acts ${side}` }) }];
  });
}

const NUMBER = /^\d+(\.\d+)?$/;

/** Every setting that is a number, by the names that lead to it. */
function namedPrices(value: unknown, path = ""): Array<[string, string]> {
  if (typeof value === "string") return NUMBER.test(value) ? [[path, value]] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, each]) => namedPrices(each, `${path}.${name}`));
}

export interface Point {
  time: number;
  value: number;
}

/** A course at the times of candles: points of its own times would tear the axis that both share. */
export function courseAt(points: readonly CoursePoint[], times: readonly number[]): { equity: Point[]; held: Point[] } {
  const equity: Point[] = [];
  const held: Point[] = [];
  let next = 0;
  for (const [index, time] of times.entries()) {
    const until = times[index + 1] ?? Number.POSITIVE_INFINITY;
    while (next < points.length && Date.parse(points[next]?.at ?? "") / 1000 < until) next += 1;
    const point = points[next - 1];
    if (!point) continue;
    equity.push({ time, value: toDraw(point.equity) });
    if (point.held !== null) held.push({ time, value: toDraw(point.held) });
  }
  return { equity, held };
}

/** Points at rising seconds, as a chart wants them: of two in one second the later. */
export function bySecond<T extends { at: string }>(points: readonly T[], value: (point: T) => string | null): Point[] {
  const found: Point[] = [];
  for (const point of points) {
    const told = value(point);
    if (told === null) continue;
    const time = Math.floor(Date.parse(point.at) / 1000);
    if (found.at(-1)?.time === time) found.pop();
    found.push({ time, value: toDraw(told) });
  }
  return found;
}

/** The symbols that an automation is about, the one that matters most first. */
export function symbolsOf(detail: AutomationDetail, fills: readonly FillRow[] = []): string[] {
  const configured = detail.config["symbol"];
  const found = [
    ...(typeof configured === "string" ? [configured] : []),
    ...detail.positions.map((each) => each.symbol),
    ...detail.orders.map((each) => each.symbol),
    ...Object.values(detail.levels ?? {}).flatMap((prices) => Object.keys(prices)),
    ...fills.map((each) => each.symbol),
  ];
  return [...new Set(found)];
}
