/** What automations are called and do, in words. */

import type { AutomationRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";

/** A type whose catalogue is not read yet, or that is gone: octobot_tentacles.smart_trade is a Smart trade. */
export function typeName(type: string): string {
  const words = (type.split(".").at(-1) ?? type).replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What happens next, as far as a row of the list knows it. */
export function nextStep(row: AutomationRow, now: Date): string {
  switch (row.status) {
    case "failed":
    case "held":
    case "waiting":
      return sentence(row.reason) || "No reason is given.";
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

/** What its type says that it does next, with the time counted down here. */
export function nextStepOf(detail: AutomationDetail, now: Date): string {
  if (detail.status !== "active" || !detail.sending) return nextStep(detail, now);
  const { template, at } = detail.next_step;
  const left = at === null ? null : Date.parse(at) - now.getTime();
  const when = left === null ? "" : left > 0 ? `in ${format.span(left)}` : "now";
  const said = withNumbers(template.replace("{when}", when).replaceAll("  ", " ").trim());
  return said ? `${said.charAt(0).toUpperCase()}${said.slice(1)}.` : nextStep(detail, now);
}

/** Prices in a sentence as they are written everywhere else: 38783.03 is 38,783.03. */
export function withNumbers(text: string): string {
  return text.replace(/(?<![\w.])\d{4,}(\.\d+)?(?![\w.])/g, (digits) => format.exact(digits));
}
