import { useInfiniteQuery } from "@tanstack/react-query";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { Feed } from "./Feed";
import { activityQuery } from "./queries";

export function ActivityPage() {
  const activity = useInfiniteQuery(activityQuery);
  const now = useNow();
  const events = activity.data?.pages.flatMap((page) => page.events) ?? [];
  return (
    <div className="page narrow">
      <div className="page-head">
        <h1>Activity</h1>
        <p className="muted small asof">Times in UTC</p>
      </div>
      {activity.error ? (
        <Failure error={activity.error} onRetry={() => void activity.refetch()} />
      ) : activity.isPending ? (
        <Loading what="what happened" rows={12} />
      ) : events.length === 0 && !activity.hasNextPage ? (
        <Empty title="Nothing happened yet">Fills, starts, stops and failures are told here.</Empty>
      ) : (
        <>
          <Feed events={events} now={now} />
          <More
            has={activity.hasNextPage}
            busy={activity.isFetchingNextPage}
            onMore={() => void activity.fetchNextPage()}
          />
        </>
      )}
    </div>
  );
}
