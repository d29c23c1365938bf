/** A new account out of what was filled in: connectors with their own settings, money, limits. */

import type { CreateAccount } from "@/api/client/types.gen";
import type { FieldErrors } from "@/features/new/config/check";
import { filled, type Schema } from "@/features/new/config/schema";

export interface Purse {
  asset: string;
  amount: string;
}

export interface AccountDraft {
  name: string;
  trading: string;
  market_data: string;
  /** Which of the exchanges that its connector reaches; empty: none of those that are offered. */
  offer: string;
  trading_settings: Record<string, unknown>;
  market_settings: Record<string, unknown>;
  purse: readonly Purse[];
  /** Routes by name; empty: as the node's settings say. */
  egress: string;
  market_data_egress: string;
  limits: Record<string, string>;
  /** Only write down what is decided: what a real exchange begins with, until somebody has looked at it. */
  observes: boolean;
}

export const LIMITS = [
  ["max_order_notional", "Most that one order may cost", "In the quote of its market."],
  ["max_orders_per_minute", "Orders in a minute", ""],
  ["max_open_orders", "Orders open at once", ""],
  ["price_collar", "Furthest past the last price", "As a ratio: 0.05 is 5 %."],
  ["max_first_day", "Most in the first 24 hours", "In each quote asset, from when it goes live."],
  ["max_data_age", "Oldest market data", "Such as 30s or 5m; an order decided on older data is not sent."],
] as const;

const AMOUNT = /^\d+(\.\d+)?$/;

/** Settings that hold keys and passwords: they are asked for in fields that show nothing, and are kept in no draft. */
export function secretsOf(settings: Schema): string[] {
  return Object.entries(settings.properties ?? {})
    .filter(([, each]) => isSecret(each as Schema))
    .map(([name]) => name);
}

function isSecret(schema: Schema): boolean {
  if (schema["writeOnly"] === true || schema.format === "password") return true;
  return ((schema.anyOf ?? []) as Schema[]).some(isSecret);
}

/** What the form draws by itself: neither secrets, nor what the account has fields of its own for, nor what is hidden. */
export function plainSettings(settings: Schema): Schema {
  const secret = new Set(secretsOf(settings));
  const properties = Object.fromEntries(
    Object.entries(settings.properties ?? {}).filter(
      ([name, each]) => !secret.has(name) && name !== "balances" && (each as Schema)["hidden"] !== true,
    ),
  );
  const required = (settings.required ?? []).filter((name) => name in properties);
  return { ...settings, properties, required };
}

export function wrongWith(draft: AccountDraft, needed: readonly string[], simulated: boolean): FieldErrors {
  const found: FieldErrors = {};
  if (!draft.name.trim()) found["name"] = ["Give it a name."];
  for (const name of needed) {
    if (!draft.trading_settings[name]) found[`trading.${name}`] = ["This is needed."];
  }
  if (simulated) {
    draft.purse.forEach((each, index) => {
      if (!each.asset && !each.amount) return;
      if (!AMOUNT.test(each.amount)) found[`purse.${index}`] = ["Write a number, with a point."];
      else if (!each.asset) found[`purse.${index}`] = ["Say of which asset."];
    });
  }
  return found;
}

export function bodyOf(draft: AccountDraft, simulated: boolean): CreateAccount {
  const purse = draft.purse.filter((each) => each.asset && each.amount);
  const limits = Object.fromEntries(Object.entries(draft.limits).filter(([, value]) => value !== ""));
  return {
    name: draft.name.trim(),
    trading: { use: draft.trading, ...((filled(draft.trading_settings) ?? {}) as object) },
    market_data: { use: draft.market_data, ...((filled(draft.market_settings) ?? {}) as object) },
    // Keys that an exchange refuses, or that may withdraw, are told while what was typed is still there.
    ...(simulated ? {} : { check: true }),
    ...(simulated && purse.length > 0
      ? { balances: Object.fromEntries(purse.map((each) => [each.asset, each.amount])) }
      : {}),
    ...(draft.egress ? { egress: draft.egress } : {}),
    ...(draft.market_data_egress ? { market_data_egress: draft.market_data_egress } : {}),
    ...(draft.observes && !simulated ? { mode: "observe" } : {}),
    ...(Object.keys(limits).length > 0 ? { limits: limitsOf(limits) } : {}),
  };
}

const WHOLE = new Set(["max_orders_per_minute", "max_open_orders"]);

export function limitsOf(limits: Record<string, string>): NonNullable<CreateAccount["limits"]> {
  return Object.fromEntries(
    Object.entries(limits)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, WHOLE.has(name) && /^\d+$/.test(value) ? Number(value) : value]),
  );
}
