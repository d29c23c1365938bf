import { expect, test } from "vitest";
import type { DrawnCandle, Line } from "@/features/automation/chart/drawing";
import { LABEL_HEIGHT, pictureOf } from "./smallCandles";

const SIZE = { width: 168, height: 124 };

function candles(count: number, close = 100): DrawnCandle[] {
  return Array.from({ length: count }, (_, index) => ({
    time: index * 60,
    open: 100,
    high: 110,
    low: 90,
    close: index === count - 1 ? close : 100,
  }));
}

function line(kind: Line["kind"], price: number, labelled = true): Line {
  return { kind, price, labelled };
}

test("the newest candles are drawn, as many as there is room for", () => {
  const picture = pictureOf(candles(1_000), [], [], SIZE);
  expect(picture?.up.match(/M/g)).toHaveLength(22);
  expect(pictureOf([], [], [], SIZE)).toBeNull();
});

test("a stop is seen though no candle came near it, and what rests far away is not", () => {
  const picture = pictureOf(candles(5), [], [line("stop", 75), line("buy", 10)], SIZE);
  expect(picture?.lines.map(({ kind }) => kind)).toEqual(["stop"]);
  expect(picture?.lines[0]?.y).toBeLessThan(picture?.bottom ?? 0);
});

test("no label is over another, below the axis, or beside a round price", () => {
  const lines = [line("buy", 90.5), line("average", 90.6), line("stop", 90.1), line("sell", 90.9)];
  const picture = pictureOf(candles(5, 90.4), [], lines, SIZE);
  const places = picture?.labels.map(({ y }) => y) ?? [];
  expect(places).toHaveLength(5);
  for (const [index, y] of places.slice(1).entries())
    expect(y - (places[index] ?? 0)).toBeGreaterThanOrEqual(LABEL_HEIGHT);
  expect(Math.max(...places)).toBeLessThanOrEqual((picture?.bottom ?? 0) - LABEL_HEIGHT / 2);
  for (const { y } of picture?.prices ?? [])
    expect(places.every((place) => Math.abs(place - y) >= LABEL_HEIGHT)).toBe(true);
});

test("of several orders of a kind the nearest has a label, and two at one price are one line", () => {
  const lines = [line("target", 108), line("target", 104), line("target", 104, false), line("level", 95)];
  const picture = pictureOf(candles(5), [], lines, SIZE);
  expect(picture?.lines.map(({ kind, labelled }) => [kind, labelled])).toEqual([
    ["target", true],
    ["target", true],
    ["level", true],
  ]);
  expect(picture?.labels.map(({ kind, price }) => [kind, price])).toEqual([
    ["target", 104],
    ["last", 100],
    ["level", 95],
  ]);
});

test("purchases are below their candle, sales above it, and those of candles that are not drawn are left out", () => {
  const marks = [
    { time: 60, side: "buy", count: 1 },
    { time: 60, side: "sell", count: 5 },
    { time: -60, side: "buy", count: 1 },
  ] as const;
  const picture = pictureOf(candles(5), marks, [], SIZE);
  expect(picture?.fills.map(({ side, count }) => [side, count])).toEqual([
    ["buy", 1],
    ["sell", 5],
  ]);
  const [buy, sell] = picture?.fills ?? [];
  expect(buy?.y).toBeGreaterThan(sell?.y ?? 0);
});
