import { expect, test } from "vitest";
import type { Schema } from "@/features/new/config/schema";
import { changesOf, choices, differences, type Edit, editable, merged } from "./editing";

const SCHEMA: Schema = {
  type: "object",
  properties: {
    symbol: { type: "string" },
    amount: { type: "string", format: "decimal" },
    every: { type: "string", "x-widget": "duration" } as Schema,
    levels: { type: "integer", default: 20 },
    safety_orders: {
      type: "object",
      properties: { step: { type: "string" }, wait: { type: "string", "x-widget": "duration" } as Schema },
    },
  },
};

const TOLD = {
  name: "dca-btc",
  tags: ["mine"],
  limits: { max_open_orders: 5, price_collar: null },
  config: {
    symbol: "BTC/USD",
    amount: "100",
    every: "P1D",
    levels: 10,
    take_profit: null,
    safety_orders: { step: "2", wait: "PT1H30M" },
  },
};

function begun(): Edit {
  const base = editable(TOLD, SCHEMA);
  return { base, etag: '"7"', mine: structuredClone(base) };
}

test("what is kept is shown as it is typed, and what is off is left empty", () => {
  expect(begun().base).toEqual({
    name: "dca-btc",
    tags: ["mine"],
    limits: { max_open_orders: 5 },
    config: {
      symbol: "BTC/USD",
      amount: "100",
      every: "1d",
      levels: 10,
      safety_orders: { step: "2", wait: "1h30m" },
    },
  });
});

test("only what differs is sent; what was emptied is the type's default, or nothing", () => {
  const edit = begun();
  expect(changesOf(edit, SCHEMA)).toEqual({});
  edit.mine = {
    name: " dca-slow ",
    tags: [],
    limits: {},
    config: { symbol: "BTC/USD", amount: "50", every: "7d", levels: "", safety_orders: { step: "", wait: "" } },
  };
  expect(changesOf(edit, SCHEMA)).toEqual({
    name: "dca-slow",
    tags: [],
    limits: {},
    changes: { amount: "50", every: "7d", levels: 20, safety_orders: null },
  });
});

test("of two who edit at once each keeps what they touched, and where both touched it one chooses", () => {
  const { base, mine } = begun();
  mine.config = { ...mine.config, amount: "50", safety_orders: { step: "3", wait: "1h30m" } };
  const theirs = editable(
    { ...TOLD, name: "renamed", config: { ...TOLD.config, amount: "80", every: "PT12H" } },
    SCHEMA,
  );
  const found = choices(base, mine, theirs);
  expect(found.map(({ field, before, after, mineFirst }) => [field, before, after, mineFirst])).toEqual([
    ["name", "dca-btc", "renamed", false],
    ["config.amount", "50", "80", true],
    ["config.every", "1d", "12h", false],
    ["config.safety_orders.step", "3", "2", true],
  ]);
  const kept = merged(
    mine,
    theirs,
    found.filter((each) => each.mineFirst),
  );
  expect(kept).toEqual({
    name: "renamed",
    tags: ["mine"],
    limits: { max_open_orders: 5 },
    config: { symbol: "BTC/USD", amount: "50", every: "12h", levels: 10, safety_orders: { step: "3", wait: "1h30m" } },
  });
  expect(merged(mine, theirs, [])).toEqual(theirs);
});

test("a list is one field, and a field that is only on one side differs", () => {
  expect(differences({ a: [1, 2], b: { c: 1 } }, { a: [2, 1], d: 0 })).toEqual([
    { field: "a", before: [1, 2], after: [2, 1] },
    { field: "b.c", before: 1, after: undefined },
    { field: "d", before: undefined, after: 0 },
  ]);
});
