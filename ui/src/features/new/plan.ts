import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { planType } from "@/api/client/sdk.gen";
import type { PlannedTick } from "@/api/client/types.gen";
import { isProblem, type Problem } from "@/api/http";
import type { Line } from "@/features/automation/chart/drawing";
import { toDraw } from "@/text/decimal";
import type { Schema } from "./config/schema";

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

/** What can be drawn: the prices of planned orders, those that were typed, and what would follow a first fill. */
export function linesOfPlan(
  tick: PlannedTick | null,
  schema: Schema,
  config: Record<string, unknown>,
  symbol: string,
  later: readonly Line[] = [],
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
    found.push({ price: toDraw(typed), ...meant(name, String((field as Schema).title ?? "")), labelled: true });
  }
  for (const [side, prices] of Object.entries(tick?.levels ?? {})) {
    const level = prices[symbol];
    if (level !== undefined) found.push({ price: toDraw(level), kind: "level", labelled: true, title: `acts ${side}` });
  }
  // What the node plans is surer than what is worked out here, and stands on the market's steps.
  for (const line of later) if (!found.some((other) => near(other.price, line.price))) found.push({ ...line });
  const once = found.filter((line, index) => found.findIndex((other) => other.price === line.price) === index);
  // Of a ladder the nearest rung has its price on the axis, and whatever has a name of its own.
  const nearest = { buy: Math.max, sell: Math.min };
  return once.map((line) => {
    if ((line.kind !== "buy" && line.kind !== "sell") || line.title) return line;
    const same = once.filter((other) => other.kind === line.kind && !other.title).map((other) => other.price);
    return { ...line, labelled: line.price === nearest[line.kind](...same) };
  });
}

/** Whether two prices are the same but for what a market's step rounds. */
function near(one: number, two: number): boolean {
  return Math.abs(one - two) <= Math.abs(one) * 1e-4;
}

function meant(name: string, title: string): Pick<Line, "kind" | "title"> {
  if (/stop/.test(name)) return { kind: "stop", title: "stop" };
  if (/profit|target/.test(name)) return { kind: "target", title: "target" };
  return { kind: "level", ...(title ? { title: title.toLowerCase() } : {}) };
}
