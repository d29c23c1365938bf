/** A small picture of candles, worked out apart from what draws it: paths, marks and labels in pixels. */

import type { DrawnCandle, Line, Mark } from "@/features/automation/chart/drawing";
import { roundTimes, roundValues } from "@/parts/charts/axis";
import { apart, type Scale, scale } from "@/parts/charts/curves";

export interface Size {
  width: number;
  height: number;
}

export interface Label {
  kind: Line["kind"] | "last";
  price: number;
  y: number;
}

export interface Picture {
  /** Where the candles end, and their axes begin. */
  right: number;
  bottom: number;
  wicks: string;
  up: string;
  down: string;
  last: number;
  lines: Array<{ kind: Line["kind"]; y: number; labelled: boolean }>;
  labels: Label[];
  prices: Array<{ price: number; y: number }>;
  times: Array<{ at: number; x: number }>;
  fills: Array<{ side: Mark["side"]; count: number; x: number; y: number; path: string }>;
}

/** Of a candle and the room beside it. */
const STEP = 4;
/** To the right of the newest candle. */
const ROOM = 3 * STEP;
const AXIS = 68;
const BELOW = 24;
const TOP = 8;
export const LABEL_HEIGHT = 16;
/** How far a triangle is from its candle. */
const AWAY = 5;

/** As many of the newest candles as there is room for, and over them what is one's own. */
export function pictureOf(
  candles: readonly DrawnCandle[],
  marks: readonly Mark[],
  lines: readonly Line[],
  { width, height }: Size,
): Picture | null {
  const [right, bottom] = [width - AXIS, height - BELOW];
  const shown = candles.slice(-Math.max(1, Math.floor((right - ROOM) / STEP)));
  const newest = shown.at(-1);
  if (!newest) return null;
  const [least, most] = range(shown, lines);
  const margin = (most - least || most || 1) * 0.06;
  const y = scale([least - margin, most + margin], [bottom, TOP]);
  const places = new Map(shown.map((candle, index) => [candle.time, right - ROOM - (shown.length - index) * STEP]));
  const seen = different(lines).filter(({ price }) => price >= least - margin && price <= most + margin);
  const labels = labelsOf(seen, newest.close, y, bottom);
  return {
    right,
    bottom,
    ...bodies(shown, places, y),
    last: y(newest.close),
    lines: seen.map(({ kind, price, labelled }) => ({ kind, labelled, y: y(price) })),
    labels,
    prices: roundValues(least - margin, most + margin, 3)
      .map((price) => ({ price, y: y(price) }))
      .filter((each) => labels.every((label) => Math.abs(label.y - each.y) >= LABEL_HEIGHT)),
    times: timesOf(shown, places, right),
    fills: fillsOf(marks, shown, places, y),
  };
}

/** Where it would get out is seen, too, unless it is so far that the candles would be a line. */
function range(candles: readonly DrawnCandle[], lines: readonly Line[]): [number, number] {
  const least = Math.min(...candles.map(({ low }) => low));
  const most = Math.max(...candles.map(({ high }) => high));
  const room = most - least;
  const exits = lines
    .filter(({ kind }) => kind === "stop" || kind === "target")
    .map(({ price }) => price)
    .filter((price) => price >= least - room && price <= most + room);
  return [Math.min(least, ...exits), Math.max(most, ...exits)];
}

function bodies(candles: readonly DrawnCandle[], places: ReadonlyMap<number, number>, y: Scale) {
  const paths = { wicks: "", up: "", down: "" };
  for (const { time, open, high, low, close } of candles) {
    const x = places.get(time) ?? 0;
    const [top, end] = [Math.round(y(Math.max(open, close))), Math.round(y(Math.min(open, close)))];
    const [above, below] = [Math.round(y(high)), Math.round(y(low))];
    // In whole pixels, as a canvas would: a hairline between two of them is grey.
    if (above < top) paths.wicks += `M${x + 1.5} ${above}V${top}`;
    if (below > end) paths.wicks += `M${x + 1.5} ${end}V${below}`;
    paths[close >= open ? "up" : "down"] += `M${x + 0.5} ${top + 0.5}h2V${Math.max(end, top + 1) + 0.5}h-2Z`;
  }
  return paths;
}

/** Several orders at one price are one line. */
function different(lines: readonly Line[]): Line[] {
  const found = new Map<string, Line>();
  for (const line of lines) {
    const key = `${line.kind} ${line.price}`;
    if (!found.get(key)?.labelled) found.set(key, line);
  }
  return [...found.values()];
}

/** The last price, and of each kind of line the nearest on either side of it; none over another. */
function labelsOf(lines: readonly Line[], last: number, y: Scale, bottom: number): Label[] {
  const nearest = new Map<string, Label>();
  for (const { kind, price, labelled } of lines) {
    const key = `${kind} ${price > last}`;
    const known = nearest.get(key);
    if (labelled && (!known || Math.abs(price - last) < Math.abs(known.price - last)))
      nearest.set(key, { kind, price, y: 0 });
  }
  const wanted: Label[] = [...nearest.values(), { kind: "last", price: last, y: 0 }];
  wanted.sort((a, b) => b.price - a.price);
  const places = apart(
    wanted.map(({ price }) => y(price)),
    LABEL_HEIGHT / 2,
    LABEL_HEIGHT,
  );
  // Pushed apart they may have gone below the axis.
  const over = Math.max(0, (places.at(-1) ?? 0) - (bottom - LABEL_HEIGHT / 2));
  return wanted.map((label, index) => ({ ...label, y: (places[index] ?? 0) - over }));
}

function timesOf(candles: readonly DrawnCandle[], places: ReadonlyMap<number, number>, right: number) {
  const [first, newest] = [candles[0]?.time ?? 0, candles.at(-1)?.time ?? 0];
  return roundTimes(first * 1_000, newest * 1_000, 4).flatMap((at) => {
    const x = places.get(at / 1_000);
    return x === undefined || x < 16 || x > right - 16 ? [] : [{ at, x: x + 1.5 }];
  });
}

function fillsOf(
  marks: readonly Mark[],
  candles: readonly DrawnCandle[],
  places: ReadonlyMap<number, number>,
  y: Scale,
): Picture["fills"] {
  const known = new Map(candles.map((candle) => [candle.time, candle]));
  return marks.flatMap(({ side, count, time }) => {
    const [candle, x] = [known.get(time), places.get(time)];
    if (!candle || x === undefined) return [];
    const tip = side === "buy" ? y(candle.low) + AWAY : y(candle.high) - AWAY;
    return [{ side, count, x: x + 1.5, y: tip, path: triangle(x + 1.5, tip, side, count > 2) }];
  });
}

/** The tip points at the candle; three or more fills of one are larger. */
function triangle(x: number, tip: number, side: Mark["side"], many: boolean): string {
  const [half, height] = many ? [5.5, 9] : [4, 7];
  return `M${x} ${tip.toFixed(1)}l${half} ${side === "buy" ? height : -height}h${-2 * half}Z`;
}
