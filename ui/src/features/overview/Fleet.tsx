import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { listAutomations } from "@/api/client/sdk.gen";
import type { AutomationRow } from "@/api/client/types.gen";
import { nextStep } from "@/features/automations/words";
import { nodeQuery } from "@/features/frame/queries";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { AutomationStatusMark } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { Activity } from "./OverviewPage";

const ORDER: ReadonlyArray<AutomationRow["status"]> = [
  "failed",
  "held",
  "waiting",
  "active",
  "completing",
  "stopping",
  "paused",
  "stopped",
  "completed",
];
const NEEDS: ReadonlyArray<AutomationRow["status"]> = ["failed", "held", "waiting"];

/** With many, causes come first: what needs a person, then how the rest is. */
export function Fleet() {
  const node = useQuery(nodeQuery);
  const now = useNow();
  if (!node.data) {
    return (
      <div className="page">
        {node.error ? (
          <Failure error={node.error} onRetry={() => void node.refetch()} />
        ) : (
          <Loading what="the overview" rows={8} />
        )}
      </div>
    );
  }
  const counts = node.data.automations;
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const shown = ORDER.filter((status) => (counts[status] ?? 0) > 0);
  return (
    <div className="page">
      <div className="fleet-head">
        <h1>{format.count(all)} automations</h1>
        <span className="muted">
          {format.count((counts["failed"] ?? 0) + (counts["held"] ?? 0))} failed or held,{" "}
          {format.count(node.data.unknown_orders)} orders unknown
        </span>
        <span className="asof small faint">
          {node.data.lag > 1 ? `The latest is ${format.span(node.data.lag * 1000)} late` : "None is late"}
        </span>
      </div>
      <div className="sbar" aria-hidden="true">
        {shown.map((status) => (
          <i key={status} className={`b-${status}`} style={{ flexGrow: counts[status] ?? 0 }} />
        ))}
      </div>
      <nav className="sfil" aria-label="By status">
        {shown.map((status) => (
          <Link key={status} to="/automations" search={{ status }} className={`f-${status}`}>
            <Shape mark={status} />
            <b>{format.count(counts[status] ?? 0)}</b> {status}
          </Link>
        ))}
      </nav>
      <div className="cols">
        <section aria-labelledby="h-att">
          <div className="section-head">
            <h2 id="h-att">Needs attention</h2>
          </div>
          {NEEDS.filter((status) => (counts[status] ?? 0) > 0).map((status) => (
            <Group key={status} status={status} count={counts[status] ?? 0} now={now} />
          ))}
          {NEEDS.every((status) => !counts[status]) && (
            <p className="muted none">Nothing does: none failed, is held or waits.</p>
          )}
        </section>
        <Activity now={now} />
      </div>
    </div>
  );
}

const SHOWN = 8;

function Group({ status, count, now }: { status: AutomationRow["status"]; count: number; now: Date }) {
  const { data } = useQuery({
    queryKey: ["lists", "attention", status],
    queryFn: async () => (await listAutomations({ query: { status: [status], limit: SHOWN } })).data.automations,
  });
  return (
    <ul className="att">
      {data?.map((row) => (
        <li key={row.id}>
          <AutomationStatusMark status={row.status} />
          <span className="grow cut">
            <Link to="/automations/$automation" params={{ automation: row.id }}>
              <b>{row.name}</b>
            </Link>{" "}
            <span className="small muted">{nextStep(row, now)}</span>
          </span>
        </li>
      ))}
      {count > SHOWN && (
        <li>
          <Link className="link" to="/automations" search={{ status }}>
            All {format.count(count)} {status}
          </Link>
        </li>
      )}
    </ul>
  );
}
