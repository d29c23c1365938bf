import { expect, test } from "vitest";
import { filled, normalised, type Schema } from "./schema";

const CONFIG = {
  type: "object",
  $defs: {
    DailyTime: {
      title: "DailyTime",
      type: "object",
      properties: { at: { type: "string", title: "At" } },
      required: ["at"],
    },
  },
  properties: {
    amount: {
      anyOf: [{ exclusiveMinimum: 0, maximum: 1000, type: "number" }, { type: "string" }],
      title: "Amount",
      examples: ["100"],
    },
    take_profit: {
      anyOf: [{ type: "number" }, { type: "string" }, { type: "null" }],
      default: null,
      title: "Take Profit",
    },
    every: { anyOf: [{ type: "string", examples: ["1d"] }, { type: "null" }], default: null, title: "Every" },
    daily: { anyOf: [{ $ref: "#/$defs/DailyTime" }, { type: "null" }], default: null },
    weights: {
      type: "object",
      patternProperties: { "^[A-Z]+$": { anyOf: [{ type: "number" }, { type: "string" }] } },
      title: "Weights",
    },
  },
  required: ["amount"],
} as unknown as Schema;

test("a decimal is text, with its bounds as hints, so that no digit is lost in a float", () => {
  const found = normalised(CONFIG).properties?.["amount"];
  expect(found).toEqual({
    type: "string",
    format: "decimal",
    pattern: "^-?[0-9]+([.][0-9]+)?$",
    title: "Amount",
    examples: ["100"],
    "x-above": "0",
    "x-maximum": "1000",
  });
});

test("what may be left out has no null beside it, and is called in words, not by its class", () => {
  const { properties = {} } = normalised(CONFIG);
  expect(properties["take_profit"]).toMatchObject({ type: "string", format: "decimal" });
  expect(properties["every"]).toEqual({ type: "string", examples: ["1d"], title: "Every" });
  expect(properties["daily"]).toMatchObject({
    type: "object",
    title: "Daily",
    properties: { at: { type: "string" } },
    required: ["at"],
  });
  expect(properties["weights"]).toMatchObject({ additionalProperties: { type: "string", format: "decimal" } });
});

test("what was left empty is not sent", () => {
  expect(
    filled({ symbol: "BTC/USD", every: "", daily: { at: "" }, levels: 0, list: [{ a: "" }, { a: "1" }], off: false }),
  ).toEqual({
    symbol: "BTC/USD",
    levels: 0,
    list: [{ a: "1" }],
    off: false,
  });
});
