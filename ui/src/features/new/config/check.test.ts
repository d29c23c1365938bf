import { expect, test } from "vitest";
import { check } from "./check";
import type { Schema } from "./schema";

const SCHEMA = {
  type: "object",
  properties: {
    symbol: { type: "string", pattern: "^[^/]+/[^/]+$", examples: ["BTC/USD"] },
    amount: { type: "string", format: "decimal", "x-above": "0", "x-maximum": "1000000000000" },
    levels: { type: "integer", minimum: 2 },
    daily: { type: "object", properties: { at: { type: "string" }, tz: { type: "string" } }, required: ["at"] },
    targets: {
      type: "array",
      items: { type: "object", properties: { percent: { type: "string", format: "decimal" } }, required: ["percent"] },
    },
  },
  required: ["symbol", "amount"],
} as unknown as Schema;

test("what is missing or wrong is said at its field, and what may be left out is not asked for", () => {
  expect(check(SCHEMA, { symbol: "BTCUSD", amount: "0", levels: "1", daily: { tz: "UTC" } })).toEqual({
    symbol: ["Write it like BTC/USD."],
    amount: ["It is more than 0."],
    levels: ["It is at least 2."],
    "daily.at": ["This is needed."],
  });
  expect(check(SCHEMA, { symbol: "BTC/USD", amount: "0.00000000000000000001", daily: {} })).toEqual({});
});

test("numbers are read as they are written", () => {
  expect(check(SCHEMA, { symbol: "a/b", amount: "1,000" })).toEqual({
    amount: ["Write a number, with a point and without signs for thousands."],
  });
  expect(check(SCHEMA, { symbol: "a/b", amount: "1000000000000.01" })).toEqual({
    amount: ["It is at most 1000000000000."],
  });
});

test("errors land where they belong, inside lists too", () => {
  const errors = check(SCHEMA, { symbol: "a/b", amount: "1", targets: [{ percent: "1" }, { percent: "x" }] });
  expect(errors).toEqual({ "targets.1.percent": ["Write a number, with a point and without signs for thousands."] });
});
