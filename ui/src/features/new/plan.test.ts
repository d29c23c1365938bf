import { expect, test } from "vitest";
import type { PlannedTick } from "@/api/client/types.gen";
import { linesOfPlan } from "./plan";
import type { Schema } from "./schema";

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
    { price: 80, kind: "stop", labelled: true },
    { price: 85, kind: "average", labelled: true },
  ]);
  expect(linesOfPlan(null, SCHEMA, { lower: "9e9" }, "BTC/USD")).toEqual([]);
});
