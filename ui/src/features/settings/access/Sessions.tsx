import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endOwnSession } from "@/api/client/sdk.gen";
import { Proving } from "@/features/session/Proving";
import { ownSessionsQuery } from "@/features/settings/queries";
import { Moment } from "@/parts/Figures";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { browserOf } from "./agent";

/** Where one is signed in; all but this one can be ended at once. */
export function Sessions() {
  const { data: sessions, error, refetch } = useQuery(ownSessionsQuery);
  const queries = useQueryClient();
  const now = useNow();
  const end = useMutation({
    async mutationFn(ids: string[]) {
      for (const session of ids) await endOwnSession({ path: { session } });
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  });
  const others = sessions?.filter((each) => !each.this).map((each) => each.id) ?? [];
  const sorted = [...(sessions ?? [])].sort(
    (a, b) => Number(b.this) - Number(a.this) || b.seen_at.localeCompare(a.seen_at),
  );
  return (
    <section className="blk" aria-labelledby="h-ses">
      <div className="section-head">
        <h2 id="h-ses">Where you are signed in</h2>
        {others.length > 1 && (
          <span className="end">
            <button className="btn small" type="button" disabled={end.isPending} onClick={() => end.mutate(others)}>
              End all others
            </button>
          </span>
        )}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : sessions ? (
        <ul className="olist sessions">
          {sorted.map((each) => (
            <li key={each.id}>
              <span className="grow">
                <span className="cut">{browserOf(each.agent)}</span>
                <span className="why-line">
                  {each.address}, seen <Moment at={each.seen_at} now={now} />, since{" "}
                  <Moment at={each.created_at} now={now} />
                </span>
              </span>
              {each.this ? (
                <span className="tag">this one</span>
              ) : (
                <button
                  className="btn small"
                  type="button"
                  disabled={end.isPending}
                  onClick={() => end.mutate([each.id])}
                >
                  End
                </button>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <Loading what="your sessions" />
      )}
      <Proving error={end.error} onProved={() => end.variables && end.mutate(end.variables)} />
    </section>
  );
}
