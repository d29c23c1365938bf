import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { NodeEvent } from "@/live/reader";
import { Amount, Money } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { multiply } from "@/text/decimal";
import * as format from "@/text/format";

interface Said {
  mark: Mark | null;
  text: ReactNode;
}

/** What the feed tells; the log of an automation has the rest. */
export const TOLD = ["order.fill", "order.unknown", "order.refused", "automation."];

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const BECAME: Record<string, Said> = {
  "automation.created": { mark: null, text: "was created" },
  "automation.edited": { mark: null, text: "was edited" },
  "automation.shadow_began": { mark: null, text: "has a shadow on paper from here on" },
  "automation.shadow_ended": { mark: null, text: "has no shadow any more" },
  "automation.active": { mark: "active", text: "was resumed" },
  "automation.paused": { mark: "paused", text: "was paused" },
  "automation.stopping": { mark: "stopping", text: "is stopping: its own orders are cancelled" },
  "automation.stopped": { mark: "stopped", text: "has stopped" },
  "automation.completing": { mark: "completing", text: "settles its last orders" },
  "automation.completed": { mark: "completed", text: "did all it was made for" },
  "automation.deleted": { mark: null, text: "was deleted" },
};

const WITH_REASON: Record<string, Said> = {
  "automation.failed": { mark: "failed", text: "has failed" },
  "automation.held": { mark: "held", text: "is held" },
  "automation.waiting": { mark: "waiting", text: "waits" },
  "order.refused": { mark: "refused", text: "had an order refused" },
};

/** What an event says, or null for one that the feed leaves to the log. */
export function said(event: NodeEvent): Said | null {
  if (event.kind === "order.fill") return fill(event);
  if (event.kind === "order.unknown") {
    return {
      mark: "unknown",
      text: `does not know what became of its ${text(event.data["side"])} of ${text(event.data["symbol"])}`,
    };
  }
  const plain = BECAME[event.kind];
  if (plain) return plain;
  const reasoned = WITH_REASON[event.kind];
  const reason = text(event.data["reason"]);
  return reasoned
    ? { mark: reasoned.mark, text: reason ? `${reasoned.text as string}: ${reason}` : reasoned.text }
    : null;
}

function fill({ data }: NodeEvent): Said {
  const [base = "", quote = ""] = text(data["symbol"]).split("/");
  const amount = text(data["amount"]);
  const price = text(data["price"]);
  const buys = data["side"] === "buy";
  return {
    mark: buys ? "buy" : "sell",
    text: (
      <>
        {buys ? "bought" : "sold"} <Amount value={amount} asset={base} /> at {format.price(price)},{" "}
        <Money value={multiply(amount, price)} asset={quote} />
      </>
    ),
  };
}

export function Sentence({ event }: { event: NodeEvent }) {
  const found = said(event);
  if (!found) return null;
  return (
    <span>
      {found.mark && <Shape mark={found.mark} />}
      {event.automation_id ? (
        <Link to="/automations/$automation" params={{ automation: event.automation_id }}>
          <b>{event.automation}</b>
        </Link>
      ) : (
        <b>The node</b>
      )}{" "}
      {found.text}
    </span>
  );
}
