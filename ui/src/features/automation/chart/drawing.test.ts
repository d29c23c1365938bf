import { expect, test } from "vitest";
import type { CoursePoint, FillRow, OrderRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { bySecond, candlesOf, courseAt, linesOf, marksOf, symbolsOf } from "./drawing";

const TIMES = [0, 60, 120, 180];

function fill(seconds: number, side: string, symbol = "BTC/USD"): FillRow {
  return { at: new Date(seconds * 1000).toISOString(), side, symbol } as FillRow;
}

function order(side: string, price: string | null, more: Partial<OrderRow> = {}): OrderRow {
  return { symbol: "BTC/USD", side, price, stop: null, status: "open", ...more } as OrderRow;
}

test("fills of one side in one candle are one mark with their number", () => {
  const fills = [fill(61, "buy"), fill(119, "buy"), fill(61, "sell"), fill(200, "sell"), fill(61, "buy", "ETH/USD")];
  expect(marksOf(fills, "BTC/USD", TIMES)).toEqual([
    { time: 60, side: "buy", count: 2 },
    { time: 60, side: "sell", count: 1 },
    { time: 180, side: "sell", count: 1 },
  ]);
  expect(marksOf([fill(-5, "buy")], "BTC/USD", TIMES)).toEqual([]);
});

test("of the resting orders only the nearest of each side has its price on the axis", () => {
  const detail = {
    orders: [
      order("buy", "90"),
      order("buy", "99"),
      order("sell", "110"),
      order("sell", "101"),
      order("sell", null, { stop: "80" }),
    ],
    positions: [{ symbol: "BTC/USD", amount: "1", average: "95.5" }],
  } as AutomationDetail;
  const labelled = linesOf(detail, "BTC/USD", 100)
    .filter((line) => line.labelled)
    .map((line) => [line.kind, line.price]);
  expect(labelled).toEqual([
    ["buy", 99],
    ["sell", 101],
    ["stop", 80],
    ["average", 95.5],
  ]);
});

test("of many orders only the nearest are drawn", () => {
  const detail = {
    orders: ["97", "99", "95", "98"].map((price) => order("buy", price)),
    positions: [],
  } as unknown as AutomationDetail;
  const drawn = linesOf(detail, "BTC/USD", 100, 2);
  expect(drawn.map((line) => [line.price, line.labelled])).toEqual([
    [99, true],
    [98, false],
  ]);
});

test("an order of unknown outcome is drawn as unknown, whichever side it is", () => {
  const detail = { orders: [order("buy", "90", { status: "unknown" })], positions: [] } as unknown as AutomationDetail;
  expect(linesOf(detail, "BTC/USD", 100)).toEqual([{ price: 90, kind: "unknown", labelled: true, title: "unknown" }]);
});

test("a course is told at candle times, and not before it is known; holding where its price was known", () => {
  const point = (seconds: number, equity: string, held: string | null = null) =>
    ({ at: new Date(seconds * 1000).toISOString(), equity, held }) as CoursePoint;
  expect(courseAt([point(70, "10"), point(80, "11"), point(185, "12", "9")], TIMES)).toEqual({
    equity: [
      { time: 60, value: 11 },
      { time: 120, value: 11 },
      { time: 180, value: 12 },
    ],
    held: [{ time: 180, value: 9 }],
  });
});

test("stops and targets are drawn as that, whether an order rests there or the automation watches the price", () => {
  const detail = {
    orders: [order("sell", "120", { tag: "take_profit" }), order("buy", "90", { tag: "safety1" })],
    positions: [],
    config: { exits: { stop_loss_price: "80" } },
    levels: { above: { "BTC/USD": "130", "ETH/USD": "1" }, below: { "BTC/USD": "80.0" } },
  } as unknown as AutomationDetail;
  expect(linesOf(detail, "BTC/USD", 100).map(({ kind, price, title }) => [kind, price, title])).toEqual([
    ["target", 120, "target"],
    ["buy", 90, undefined],
    ["level", 130, "acts above"],
    ["stop", 80, "stop"],
  ]);
});

test("what is watched on the losing side of what is held is a stop, by percent too", () => {
  const detail = {
    orders: [],
    positions: [{ symbol: "BTC/USD", amount: "1", average: null }],
    config: { stop_loss: { percent: "2" } },
    levels: { above: { "BTC/USD": "130" }, below: { "BTC/USD": "98" } },
  } as unknown as AutomationDetail;
  expect(linesOf(detail, "BTC/USD", 100).map(({ kind, price }) => [kind, price])).toEqual([
    ["level", 130],
    ["stop", 98],
  ]);
});

test("of two points in one second the later is drawn, and what is not known is left out", () => {
  const point = (milliseconds: number, equity: string | null) => ({ at: new Date(milliseconds).toISOString(), equity });
  expect(
    bySecond([point(1_100, "1"), point(1_900, "2"), point(2_000, null), point(3_000, "4")], (each) => each.equity),
  ).toEqual([
    { time: 1, value: 2 },
    { time: 3, value: 4 },
  ]);
});

test("what is configured is drawn first", () => {
  const detail = {
    config: { symbol: "ETH/USD" },
    positions: [{ symbol: "BTC/USD" }],
    orders: [{ symbol: "ETH/USD" }],
    levels: { above: { "SOL/USD": "200" }, below: {} },
  } as unknown as AutomationDetail;
  expect(symbolsOf(detail)).toEqual(["ETH/USD", "BTC/USD", "SOL/USD"]);
});

test("the candle that forms goes up to the last price, and closed ones stay as they are", () => {
  const closed = [60_000, 10, 12, 9, 11, 5] as const;
  const forming = [120_000, 11, 11.5, 10.5, 11, 1] as const;
  expect(candlesOf({ candles: [closed], forming }, 13)).toEqual([
    { time: 60, open: 10, high: 12, low: 9, close: 11 },
    { time: 120, open: 11, high: 13, low: 10.5, close: 13 },
  ]);
  expect(candlesOf({ candles: [closed] }, 13)).toEqual([{ time: 60, open: 10, high: 12, low: 9, close: 11 }]);
  expect(candlesOf(undefined, 13)).toEqual([]);
});
