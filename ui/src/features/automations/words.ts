/** What automations are called and do, in words. */

import type { AutomationRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { compare } from "@/text/decimal";
import * as format from "@/text/format";

const KNOWN: Record<string, string> = {
  dca: "DCA",
  grid: "Grid",
  rebalance: "Rebalance",
  smart_trade: "Smart trade",
  signal: "Signal",
  price_alert: "Price alert",
  stop_loss_guard: "Stop-loss guard",
};

/** A type as people call it: octobot_tentacles.smart_trade is a Smart trade. */
export function typeName(type: string): string {
  const short = type.split(".").at(-1) ?? type;
  const words = short.replaceAll("_", " ");
  return KNOWN[short] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/** What happens next, as far as a row of the list knows it. */
export function nextStep(row: AutomationRow, now: Date): string {
  switch (row.status) {
    case "failed":
    case "held":
    case "waiting":
      return row.reason || "no reason is given";
    case "paused":
      return row.open_orders > 0
        ? `Decides nothing; ${orders(row.open_orders)} still at the exchange.`
        : "Decides nothing until it is resumed.";
    case "stopping":
      return `Its own orders are being cancelled: ${orders(row.open_orders)} left.`;
    case "completing":
      return `Ends by itself once ${orders(row.open_orders)} settled.`;
    case "stopped":
      return "Stopped. Nothing more happens.";
    case "completed":
      return "Did all it was made for.";
    case "active":
      return active(row, now);
  }
}

function active(row: AutomationRow, now: Date): string {
  if (!row.sending) return "Decides, and sends nothing: a kill switch is on.";
  const rest = row.open_orders > 0 ? ` ${orders(row.open_orders, true)}.` : "";
  if (!row.next_run) return `Waits for a fill or a price.${rest}`;
  const left = new Date(row.next_run).getTime() - now.getTime();
  return left <= 0 ? `Decides now.${rest}` : `Decides in ${format.span(left)}.${rest}`;
}

function orders(count: number, resting = false): string {
  const what = `${format.count(count)} ${count === 1 ? "order" : "orders"}`;
  return resting ? `${what} ${count === 1 ? "rests" : "rest"}` : count === 1 ? `${what} is` : `${what} are`;
}

/** The same with the prices that its resting orders wait for, where they are known. */
export function nextStepOf(detail: AutomationDetail, now: Date): string {
  const priced = detail.orders.flatMap((order) => {
    const price = order.price ?? order.stop;
    return price !== null && order.status !== "unknown" ? [{ side: order.side, price, symbol: order.symbol }] : [];
  });
  const [first] = priced;
  if (detail.status !== "active" || !detail.sending || !first || priced.some((each) => each.symbol !== first.symbol)) {
    return nextStep(detail, now);
  }
  const of = (side: string) => priced.filter((each) => each.side === side).map((each) => each.price);
  const sells = of("sell").reduce<string | null>(
    (low, price) => (low === null || compare(price, low) < 0 ? price : low),
    null,
  );
  const buys = of("buy").reduce<string | null>(
    (high, price) => (high === null || compare(price, high) > 0 ? price : high),
    null,
  );
  const steps = [
    ...(sells === null ? [] : [`sells at ${format.price(sells)}`]),
    ...(buys === null ? [] : [`buys at ${format.price(buys)}`]),
  ];
  if (detail.next_run) {
    const left = Date.parse(detail.next_run) - now.getTime();
    steps.push(left > 0 ? `decides in ${format.span(left)}` : "decides now");
  }
  const said = steps.join(" or ");
  const rest = detail.open_orders > 2 ? ` ${orders(detail.open_orders, true)}.` : "";
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${steps.length > 1 ? ", whichever comes first" : ""}.${rest}`;
}
