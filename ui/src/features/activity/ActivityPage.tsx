import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sessionQuery } from "@/features/session/queries";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { Audit } from "./Audit";
import { Feed } from "./Feed";
import { activityQuery } from "./queries";

export function ActivityPage({ audit }: { audit: boolean }) {
  const { data: session } = useQuery(sessionQuery);
  const may = session?.scopes.includes("audit:read") ?? false;
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>Activity</h1>
        <p className="muted small asof">Times in UTC</p>
      </div>
      {may && (
        <nav className="tabs" aria-label="What is told">
          <Link to="/activity" search={{}} activeOptions={ONE_VIEW}>
            What happened
          </Link>
          <Link to="/activity" search={{ show: "audit" }} activeOptions={ONE_VIEW}>
            Who did what
          </Link>
        </nav>
      )}
      {audit && may ? <Audit /> : <Happened />}
    </div>
  );
}

const ONE_VIEW = { exact: true, includeSearch: true };

function Happened() {
  const activity = useInfiniteQuery(activityQuery);
  const now = useNow();
  const events = activity.data?.pages.flatMap((page) => page.events) ?? [];
  if (activity.error) return <Failure error={activity.error} onRetry={() => void activity.refetch()} />;
  if (activity.isPending) return <Loading what="what happened" rows={12} />;
  if (events.length === 0 && !activity.hasNextPage) {
    return <Empty title="Nothing happened yet">Fills, starts, stops and failures are told here.</Empty>;
  }
  return (
    <>
      <Feed events={events} now={now} />
      <More
        has={activity.hasNextPage}
        busy={activity.isFetchingNextPage}
        onMore={() => void activity.fetchNextPage()}
      />
    </>
  );
}
