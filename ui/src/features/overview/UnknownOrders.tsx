import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { listOrders } from "@/api/client/sdk.gen";
import type { OrderRow } from "@/api/client/types.gen";
import { SettleOrder } from "@/features/automation/dialogs/SettleOrder";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";

const unknownQuery = {
  queryKey: ["lists", "unknown-orders"],
  queryFn: async () => (await listOrders({ query: { status: "unknown", limit: 200 } })).data,
};

/** Every order whose outcome is not known, of whichever automation; one at a time is settled. */
export default function UnknownOrders({ onClose }: { onClose: () => void }) {
  const { data, error, refetch } = useQuery(unknownQuery);
  const [settling, setSettling] = useState<OrderRow | null>(null);
  const now = useNow();
  if (settling) {
    return (
      <SettleOrder
        order={settling}
        onClose={() => {
          setSettling(null);
          void refetch();
        }}
      />
    );
  }
  return (
    <Dialog
      wide
      title="Orders of unknown outcome"
      lead="What each may cost stays reserved, and nothing is sent again. The node goes on asking their exchanges."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn primary" type="button" onClick={onClose}>
            Close
          </button>
        </>
      }
    >
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading what="orders" />
      ) : data.orders.length === 0 ? (
        <p className="muted">None is left: each is settled.</p>
      ) : (
        <ul className="olist">
          {data.orders.map((order) => (
            <li key={order.id}>
              <Shape mark="unknown" />
              <span>
                <b>
                  {order.side === "buy" ? "Buy" : "Sell"} of {order.symbol}
                  {order.price !== null && ` at ${format.price(order.price)}`}
                </b>
                <br />
                <span className="small muted">
                  <Link
                    to="/automations/$automation"
                    params={{ automation: order.automation_id }}
                    search={{ tab: "orders" }}
                    className="link"
                  >
                    {order.automation}
                  </Link>{" "}
                  on {order.account}, since <Moment at={order.updated_at} now={now} />
                </span>
              </span>
              <button className="btn small" type="button" onClick={() => setSettling(order)}>
                Settle it…
              </button>
            </li>
          ))}
        </ul>
      )}
      {data?.next_cursor && <p className="small muted">These are the newest {format.count(data.orders.length)}.</p>}
    </Dialog>
  );
}
