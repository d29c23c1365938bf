import { expect, test } from "vitest";
import type { PlannedTick } from "@/api/client/types.gen";
import type { Schema } from "./config/schema";
import { linesOfPlan } from "./plan";

const SCHEMA = {
  type: "object",
  properties: {
    lower: { type: "string", "x-widget": "price" },
    stop_loss_price: { type: "string", "x-widget": "price" },
    spend: { type: "string" },
  },
} as unknown as Schema;

test("a plan is drawn by its orders' prices, and by the prices that were typed, each once", () => {
  const order = { kind: "order", symbol: "BTC/USD", side: "buy", price: "90", stop: null };
  const tick = {
    orders: [
      order,
      { ...order, side: "sell", price: "110" },
      { ...order, price: null },
      { ...order, symbol: "ETH/USD" },
    ],
    levels: { above: {}, below: { "BTC/USD": "85" } },
  } as unknown as PlannedTick;
  expect(linesOfPlan(tick, SCHEMA, { lower: "90", stop_loss_price: "80", spend: "70" }, "BTC/USD")).toEqual([
    { price: 90, kind: "buy", labelled: true },
    { price: 110, kind: "sell", labelled: true },
    { price: 80, kind: "stop", labelled: true, title: "stop" },
    { price: 85, kind: "level", labelled: true, title: "acts below" },
  ]);
  // What follows a fill is drawn where the plan has nothing yet; on the market's steps the plan is surer.
  const later = [
    { price: 90.0001, kind: "buy" as const, labelled: false },
    { price: 70, kind: "buy" as const, labelled: true, title: "safety 1" },
  ];
  expect(linesOfPlan(tick, SCHEMA, {}, "BTC/USD", later).map(({ price, title }) => [price, title])).toEqual([
    [90, undefined],
    [110, undefined],
    [85, "acts below"],
    [70, "safety 1"],
  ]);
  expect(linesOfPlan(null, SCHEMA, { lower: "9e9" }, "BTC/USD")).toEqual([]);
});
