import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { useBook } from "@/features/frame/book";
import { sessionQuery } from "@/features/session/queries";
import { Segments } from "@/parts/forms/Segments";
import { lazyPart } from "@/parts/lazyPart";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { Audit } from "./Audit";
import { Feed } from "./Feed";
import { type AuditFilter, activityQuery } from "./queries";

const Export = lazyPart(() => import("./Export"));

export interface ActivitySearch extends AuditFilter {
  show?: "audit";
}

export function ActivityPage({ search }: { search: ActivitySearch }) {
  const { data: session } = useQuery(sessionQuery);
  const may = session?.scopes.some((each) => each === "audit:read" || each === "audit:own") ?? false;
  const { shown } = useBook();
  const [exports, setExports] = useState(false);
  const { show, ...filter } = search;
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>Activity</h1>
        <div className="actions">
          <span className="muted small">Times in {format.zoneName()}</span>
          <button className="btn small" type="button" onClick={() => setExports(true)}>
            Export…
          </button>
        </div>
      </div>
      {may && (
        <nav className="tabs" aria-label="What is told">
          <Link to="/activity" search={{}} activeOptions={ONE_VIEW}>
            What happened
          </Link>
          <Link
            to="/activity"
            search={{ show: "audit" }}
            activeOptions={ONE_VIEW}
            aria-current={show === "audit" ? "page" : undefined}
          >
            Who did what
          </Link>
        </nav>
      )}
      {show === "audit" && may ? <Audit filter={filter} /> : <Happened />}
      <Suspense fallback={null}>{exports && <Export shown={shown} onClose={() => setExports(false)} />}</Suspense>
    </div>
  );
}

const ONE_VIEW = { exact: true, includeSearch: true };

type Kind = "all" | "fills" | "automations" | "trouble";

const KINDS: Record<Kind, (kind: string) => boolean> = {
  all: () => true,
  fills: (kind) => kind === "order.fill",
  automations: (kind) => kind.startsWith("automation."),
  trouble: (kind) => /^(order\.(unknown|refused)|automation\.(failed|held|waiting))$/.test(kind),
};

function Happened() {
  const activity = useInfiniteQuery(activityQuery);
  const [kind, setKind] = useState<Kind>("all");
  const now = useNow();
  const all = activity.data?.pages.flatMap((page) => page.events) ?? [];
  const events = all.filter((each) => KINDS[kind](each.kind));
  if (activity.error && all.length === 0) {
    return <Failure error={activity.error} onRetry={() => void activity.refetch()} />;
  }
  if (activity.isPending) return <Loading what="what happened" rows={12} />;
  if (all.length === 0 && !activity.hasNextPage) {
    return <Empty title="Nothing happened yet">Fills, starts, stops and failures are told here.</Empty>;
  }
  return (
    <>
      <div className="filters">
        <Segments
          label="What is shown"
          value={kind}
          choices={[
            { value: "all", label: "All" },
            { value: "fills", label: "Fills" },
            { value: "automations", label: "Automations" },
            { value: "trouble", label: "Trouble" },
          ]}
          onChange={setKind}
        />
      </div>
      {events.length === 0 ? (
        <p className="muted none">Nothing of that among the newest {format.count(all.length)}.</p>
      ) : (
        <Feed events={events} now={now} />
      )}
      <More
        has={activity.hasNextPage}
        busy={activity.isFetchingNextPage}
        onMore={() => void activity.fetchNextPage()}
      />
    </>
  );
}
