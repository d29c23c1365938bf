import { expect, test } from "vitest";
import type { Schema } from "./schema";
import { hinted, sketched } from "./sketch";

const drawn = (type: string, config: Record<string, unknown>, last: number | null = 100) =>
  sketched(`octobot_tentacles.${type}`, config, last).map(({ kind, price, title }) => [
    kind,
    Math.round(price * 100) / 100,
    title,
  ]);

test("safety orders are drawn below the price, each gap wider where that is configured", () => {
  const safety_orders = { count: 3, step: "2", step_scale: "1.5", amount: "100" };
  expect(drawn("dca", { take_profit: "1.5", safety_orders })).toEqual([
    ["buy", 98, "safety 1"],
    ["buy", 95, undefined],
    ["buy", 90.5, "safety 3"],
  ]);
  expect(drawn("dca", { amount: "5" })).toEqual([]);
});

test("a grid's rungs are drawn by its range, by how many or how far apart", () => {
  expect(drawn("grid", { around: "10", levels: 5 })).toEqual([
    ["buy", 90, undefined],
    ["buy", 95, undefined],
    ["buy", 100, undefined],
    ["sell", 105, undefined],
    ["sell", 110, undefined],
  ]);
  expect(
    drawn("grid", { lower: "80", upper: "120", step: "10", spacing: "geometric" }).map(([, price]) => price),
  ).toEqual([80, 88, 96.8, 106.48, 117.13]);
  expect(drawn("grid", { lower: "120", upper: "80", levels: 5 })).toEqual([]);
  expect(drawn("grid", { around: "10", levels: 1_000_000 })).toHaveLength(201);
});

test("a trade's entry, targets and stops are drawn from where it would be bought", () => {
  const config = {
    entry: { limit: "90" },
    take_profits: [{ percent: "10", share: "50" }, { price: "110" }],
    stop_loss: { percent: "10" },
    trailing: { percent: "5" },
  };
  expect(drawn("smart_trade", config)).toEqual([
    ["buy", 90, "entry"],
    ["target", 99, "target 1"],
    ["target", 110, "target 2"],
    ["stop", 81, "stop"],
    ["stop", 85.5, "trailing stop"],
  ]);
});

test("what is half typed, of a type of somebody else's, or without a price draws nothing", () => {
  expect(drawn("dca", { take_profit: "1.", safety_orders: { step: "-" } }, null)).toEqual([]);
  expect(drawn("grid", { lower: "x", upper: "" })).toEqual([]);
  expect(sketched("somebody.else", { lower: "1" }, 100)).toEqual([]);
});

test("what anybody's form says of its prices and percentages is drawn, in objects and lists, too", () => {
  const percent = (draws: string, title: string) => ({ title, "x-draws": draws, "x-unit": "%" });
  const schema = {
    properties: {
      take_profit: percent("target", "Take-profit"),
      floor: { title: "Floor", "x-draws": "stop", "x-unit": "quote" },
      move: { properties: { percent: percent("level", "Percent") } },
      rungs: { items: { properties: { below: percent("buy", "Rung") } } },
      share: { title: "Share", "x-unit": "%" },
    },
  } as Schema;
  const config = { take_profit: "1.5", floor: "80", move: { percent: "10" }, rungs: [{ below: "2" }, { below: "-" }] };
  const lines = (last: number | null) =>
    hinted(schema, { ...config, share: "50" }, last).map(({ kind, price, title }) => [
      kind,
      Math.round(price * 100) / 100,
      title,
    ]);
  expect(lines(100)).toEqual([
    ["target", 101.5, "take-profit"],
    ["stop", 80, "floor"],
    ["level", 110, "percent"],
    ["level", 90, "percent"],
    ["buy", 98, "rung"],
  ]);
  // Without a price there is nothing that a percentage is of.
  expect(lines(null)).toEqual([["stop", 80, "floor"]]);
});
