import { useInfiniteQuery } from "@tanstack/react-query";
import type { AuditRow } from "@/api/client/types.gen";
import { Moment } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { auditQuery } from "./queries";

const OUTCOMES: Record<AuditRow["outcome"], Mark> = {
  done: "completed",
  refused: "refused",
  failed: "failed",
  unknown: "unknown",
};

/** Who did what, from where, and how it ended; nobody can change an entry. */
export function Audit() {
  const audit = useInfiniteQuery(auditQuery);
  const now = useNow();
  const rows = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  if (audit.error) return <Failure error={audit.error} onRetry={() => void audit.refetch()} />;
  if (audit.isPending) return <Loading what="the audit" rows={12} />;
  if (rows.length === 0)
    return <Empty title="Nobody did anything yet">Changes, log-ins and refusals are told here.</Empty>;
  return (
    <>
      <ol className="audit" aria-label="Who did what, newest first">
        {rows.map((row) => (
          <li key={row.id}>
            <Moment at={row.at} now={now} />
            <span>
              <Shape mark={OUTCOMES[row.outcome]} />
              <b>{row.actor}</b> {row.action.replaceAll("_", " ").replace(".", ": ")}
              {row.target && row.target !== row.actor && <b> {row.target}</b>}
              <span className={row.outcome === "done" ? "vh" : "bad"}>, {row.outcome}</span>
            </span>
            <span className="small muted">
              {row.via}
              {row.address && `, ${row.address}`}
            </span>
          </li>
        ))}
      </ol>
      <More has={audit.hasNextPage} busy={audit.isFetchingNextPage} onMore={() => void audit.fetchNextPage()} />
    </>
  );
}
