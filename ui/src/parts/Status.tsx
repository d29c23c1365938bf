import type { AutomationRow, OrderRow } from "@/api/client/types.gen";
import { Shape } from "./Icon";

type AutomationStatus = AutomationRow["status"];
type OrderStatus = OrderRow["status"];

const NEEDS_A_PERSON: Partial<Record<AutomationStatus, string>> = { failed: "bad", held: "bad", waiting: "warn" };
const ORDER_CLASS: Partial<Record<OrderStatus, string>> = { unknown: "unk", refused: "bad" };

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function AutomationStatusMark({ status }: { status: AutomationStatus }) {
  return (
    <span className={`status ${NEEDS_A_PERSON[status] ?? ""}`}>
      <Shape mark={status} />
      {capital(status)}
    </span>
  );
}

export function OrderStatusMark({ status }: { status: OrderStatus }) {
  return (
    <span className={`status ${ORDER_CLASS[status] ?? ""}`}>
      <Shape mark={status} />
      {capital(status)}
    </span>
  );
}

export function Side({ side, done = false }: { side: string; done?: boolean }) {
  const buys = side === "buy";
  return (
    <span className="status">
      <Shape mark={buys ? "buy" : "sell"} />
      {buys ? (done ? "Bought" : "Buy") : done ? "Sold" : "Sell"}
    </span>
  );
}
