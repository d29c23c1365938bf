import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { planType } from "@/api/client/sdk.gen";
import type { PlannedTick } from "@/api/client/types.gen";
import { isProblem, type Problem } from "@/api/http";
import type { Line } from "@/features/automation/drawing";
import { toDraw } from "@/text/decimal";
import type { Schema } from "./schema";

export interface PlanBody {
  account: string;
  name?: string;
  budget: Record<string, string>;
  config: Record<string, unknown>;
}

/** What its first tick would do, or what the node says against it. */
export type Planned = { tick: PlannedTick; problem: null } | { tick: null; problem: Problem };

export function planQuery(type: string, body: PlanBody, ready: boolean) {
  return queryOptions({
    queryKey: ["plan", type, body],
    enabled: ready,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 30_000,
    async queryFn(): Promise<Planned> {
      try {
        return { tick: (await planType({ path: { type }, body })).data, problem: null };
      } catch (error) {
        // That it is refused is what one wants to know, not a failure to ask.
        if (isProblem(error, "invalid") || isProblem(error, "conflict")) return { tick: null, problem: error };
        throw error;
      }
    },
  });
}

/** A value once nobody changed it for a moment. */
export function useSettled<T>(value: T, wait = 500): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), wait);
    return () => clearTimeout(timer);
  }, [text, wait]);
  return JSON.parse(settled) as T;
}

const AMOUNT = /^\d+(\.\d+)?$/;

/** What can be drawn of a plan: the prices of its orders, and those that were typed. */
export function linesOfPlan(
  tick: PlannedTick | null,
  schema: Schema,
  config: Record<string, unknown>,
  symbol: string,
): Line[] {
  const found: Line[] = [];
  for (const order of tick?.orders ?? []) {
    const price = order.price ?? order.stop;
    if (order.kind !== "order" || order.symbol !== symbol || price === null) continue;
    const kind = order.stop !== null ? "stop" : order.side === "buy" ? "buy" : "sell";
    found.push({ price: toDraw(price), kind, labelled: true });
  }
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const typed = config[name];
    if ((field as Schema)["x-widget"] !== "price" || typeof typed !== "string" || !AMOUNT.test(typed)) continue;
    found.push({ price: toDraw(typed), kind: name.startsWith("stop") ? "stop" : "average", labelled: true });
  }
  for (const side of Object.values(tick?.levels ?? {})) {
    const level = side[symbol];
    if (level !== undefined) found.push({ price: toDraw(level), kind: "average", labelled: true });
  }
  const once = found.filter((line, index) => found.findIndex((other) => other.price === line.price) === index);
  // Of a ladder the nearest rung has its price on the axis.
  const nearest = { buy: Math.max, sell: Math.min };
  return once.map((line) => {
    if (line.kind !== "buy" && line.kind !== "sell") return line;
    const same = once.filter((other) => other.kind === line.kind).map((other) => other.price);
    return { ...line, labelled: line.price === nearest[line.kind](...same) };
  });
}
