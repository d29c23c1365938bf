import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Feed } from "@/features/activity/Feed";
import { newestActivityQuery } from "@/features/activity/queries";
import { Failure, Loading } from "@/parts/States";

/** What happened last. */
export function Activity({ now }: { now: Date }) {
  const { data, error, refetch } = useQuery(newestActivityQuery);
  return (
    <section aria-labelledby="h-act">
      <div className="section-head">
        <h2 id="h-act">Activity</h2>
        <Link className="end link" to="/activity">
          All
        </Link>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : data ? (
        data.length === 0 ? (
          <p className="muted small none">Nothing happened yet.</p>
        ) : (
          <Feed events={data} now={now} />
        )
      ) : (
        <Loading what="activity" />
      )}
    </section>
  );
}
