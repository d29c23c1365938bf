import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { OrderRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { accountsQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";
import { BudgetDialog } from "./dialogs/BudgetDialog";
import { newestOrderQuery } from "./queries";

/** Why it does not trade, or not all of it, where its status says nothing of that; each with what helps. */
export function Troubles({ detail }: { detail: AutomationDetail }) {
  const { data: newest } = useQuery(newestOrderQuery(detail.id));
  const { data: accounts } = useQuery(accountsQuery);
  if (detail.status !== "active") return null;
  const observes = accounts?.some((each) => each.id === detail.account_id && each.mode === "observe");
  return (
    <>
      {detail.unknown_orders > 0 && <Unknown detail={detail} />}
      {newest?.status === "refused" && <Refused detail={detail} order={newest} />}
      {observes && (
        <div className="note warn q" role="status">
          <Shape mark="waiting" />
          <p className="grow">
            <b>{detail.account} only observes.</b> What this decides is written down, and nothing is sent to the
            exchange until the account goes live.
          </p>
          <Link className="btn small" to="/accounts/$account" params={{ account: detail.account_id }}>
            Go live there…
          </Link>
        </div>
      )}
    </>
  );
}

function Unknown({ detail }: { detail: AutomationDetail }) {
  const many = detail.unknown_orders;
  return (
    <div className="note unk q" role="status">
      <Shape mark="unknown" />
      <p className="grow">
        <b>What became of {many === 1 ? "an order" : `${format.count(many)} orders`} is not known.</b> What may have
        been spent stays reserved, and nothing is sent again.
      </p>
      <Link
        className="btn small"
        to="/automations/$automation"
        params={{ automation: detail.id }}
        search={{ tab: "orders" }}
      >
        See why, and settle it
      </Link>
    </div>
  );
}

function Refused({ detail, order }: { detail: AutomationDetail; order: OrderRow }) {
  const now = useNow();
  const { data: session } = useQuery(sessionQuery);
  const [changes, setChanges] = useState(false);
  return (
    <div className="note bad q" role="status">
      <Shape mark="refused" />
      <p className="grow">
        <b>
          Its last order, at <Moment at={order.created_at} now={now} />, was refused.
        </b>{" "}
        {sentence(order.reason)}
      </p>
      {/budget/.test(order.reason) && session?.scopes.includes("automations:write") ? (
        <button className="btn small" type="button" onClick={() => setChanges(true)}>
          Change budget…
        </button>
      ) : (
        <Link
          className="btn small"
          to="/automations/$automation"
          params={{ automation: detail.id }}
          search={{ tab: "log" }}
        >
          Its log
        </Link>
      )}
      {changes && <BudgetDialog of={detail} onClose={() => setChanges(false)} />}
    </div>
  );
}
