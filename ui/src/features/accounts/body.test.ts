import { expect, test } from "vitest";
import type { Schema } from "@/features/new/config/schema";
import { type AccountDraft, bodyOf, plainSettings, secretsOf, wrongWith } from "./body";

const DRAFT: AccountDraft = {
  name: " play ",
  trading: "paper",
  market_data: "simulated",
  offer: "",
  trading_settings: { slippage: "0.001", fee: "" },
  market_settings: { seed: 7 },
  purse: [
    { asset: "USD", amount: "10000" },
    { asset: "", amount: "" },
  ],
  egress: "tor",
  market_data_egress: "",
  observes: true,
  limits: { max_open_orders: "20", max_order_notional: "500", price_collar: "" },
};

const SETTINGS: Schema = {
  type: "object",
  required: ["key"],
  properties: {
    key: { type: "string", format: "password", writeOnly: true },
    passphrase: { anyOf: [{ type: "string", format: "password", writeOnly: true }, { type: "null" }] },
    sandbox: { type: "boolean" },
    balances: { type: "object" },
    market: { type: "string", hidden: true } as Schema,
  },
};

test("secrets are asked for apart, and what is not for people is not asked for", () => {
  expect(secretsOf(SETTINGS)).toEqual(["key", "passphrase"]);
  expect(Object.keys(plainSettings(SETTINGS).properties ?? {})).toEqual(["sandbox"]);
  expect(plainSettings(SETTINGS).required).toEqual([]);
});

test("an account has what was filled in", () => {
  expect(bodyOf(DRAFT, true)).toEqual({
    name: "play",
    trading: { use: "paper", slippage: "0.001" },
    market_data: { use: "simulated", seed: 7 },
    balances: { USD: "10000" },
    egress: "tor",
    limits: { max_open_orders: 20, max_order_notional: "500" },
  });
});

test("a live account has no money of ours", () => {
  const live = bodyOf({ ...DRAFT, trading: "kraken" }, false);
  expect("balances" in live).toBe(false);
  expect(live.mode).toBe("observe");
  expect("mode" in bodyOf({ ...DRAFT, observes: false }, false)).toBe(false);
});

test("what is missing is said at its field", () => {
  const draft = { ...DRAFT, name: "", purse: [{ asset: "USD", amount: "1,000" }] };
  expect(wrongWith(draft, ["key"], true)).toEqual({
    name: ["Give it a name."],
    "trading.key": ["This is needed."],
    "purse.0": ["Write a number, with a point."],
  });
});
