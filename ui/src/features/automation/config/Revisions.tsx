import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { restoreConfig } from "@/api/client/sdk.gen";
import type { ConfigRow, FieldDifference } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import type { AutomationDetail } from "@/features/automation/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { configQuery, configsQuery } from "./queries";
import { Value } from "./Value";

/** The configs that it had, newest first: what each changed, by whom, and the way back. */
export function Revisions({
  detail,
  etag,
  chosen,
  may,
}: {
  detail: AutomationDetail;
  etag: string | null;
  chosen: number | null;
  may: boolean;
}) {
  const { data, error, refetch } = useQuery(configsQuery(detail.id));
  const now = useNow();
  return (
    <section aria-labelledby="h-rev" className="blk">
      <div className="section-head">
        <h2 id="h-rev">Its configs</h2>
        {data && <span className="end">{data.next_cursor ? "the newest hundred" : "newest first"}</span>}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading what="its configs" />
      ) : (
        <ol className="revisions" aria-label="Configs, newest first">
          {data.configs.map((row) => (
            <li key={row.number} className={row.number === chosen ? "open" : ""}>
              <Row detail={detail} row={row} now={now} isChosen={row.number === chosen} />
              {row.number === chosen && <Shown detail={detail} row={row} etag={etag} may={may} />}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Row({
  detail,
  row,
  now,
  isChosen,
}: {
  detail: AutomationDetail;
  row: ConfigRow;
  now: Date;
  isChosen: boolean;
}) {
  return (
    <Link
      to="/automations/$automation"
      params={{ automation: detail.id }}
      search={isChosen ? { tab: "config" } : { tab: "config", revision: row.number }}
      replace
      aria-expanded={isChosen}
    >
      <b className="tnum">{row.number}</b>
      <span className="grow">
        <span className="cut">{said(row)}</span>
        <span className="small muted">
          <Moment at={row.at} now={now} /> {row.by && `by ${row.by}`}
        </span>
      </span>
      {row.current && <span className="tag">in force</span>}
    </Link>
  );
}

function said(row: ConfigRow): string {
  if (row.changed.length === 0) return row.number === 1 ? "As it was created" : "Nothing differs";
  const shown = row.changed.slice(0, 3).join(", ");
  return row.changed.length > 3 ? `${shown} and ${row.changed.length - 3} more` : shown;
}

function Shown({
  detail,
  row,
  etag,
  may,
}: {
  detail: AutomationDetail;
  row: ConfigRow;
  etag: string | null;
  may: boolean;
}) {
  const { data, error, refetch } = useQuery(configQuery(detail.id, row.number, null));
  const [asks, setAsks] = useState(false);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading what="what differs" rows={2} />;
  return (
    <div className="diff-in">
      {data.differences.length > 0 ? (
        <Differences rows={data.differences} before={`Config ${data.against}`} after={`Config ${row.number}`} />
      ) : (
        <p className="muted small none">{data.against === null ? "There is none before it." : "Nothing differs."}</p>
      )}
      {may && !row.current && (
        <p className="go">
          <button className="btn small" type="button" onClick={() => setAsks(true)}>
            Go back to this…
          </button>
        </p>
      )}
      {asks && <GoBack detail={detail} row={row} etag={etag} onClose={() => setAsks(false)} />}
    </div>
  );
}

/** What one has and the other has, side by side. */
export function Differences({
  rows,
  before,
  after,
}: {
  rows: readonly FieldDifference[];
  before: string;
  after: string;
}) {
  return (
    <div className="scroll">
      <table className="diff">
        <thead>
          <tr>
            <th>Field</th>
            <th>{before}</th>
            <th>{after}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((each) => (
            <tr key={each.field}>
              <th scope="row" className="mono">
                {each.field}
              </th>
              <td className="was">
                <Value value={each.before} />
              </td>
              <td className="is">
                <Value value={each.after} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What going back would change, of what holds now; one press, and it is a new config like any other. */
function GoBack({
  detail,
  row,
  etag,
  onClose,
}: {
  detail: AutomationDetail;
  row: ConfigRow;
  etag: string | null;
  onClose: () => void;
}) {
  const { data: configs } = useQuery(configsQuery(detail.id));
  const newest = configs?.configs.find((each) => each.current)?.number ?? null;
  const { data } = useQuery(configQuery(detail.id, row.number, newest));
  const { state } = useConnection();
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: () =>
      restoreConfig({
        path: { automation: detail.id, number: row.number },
        headers: { "If-Match": etag ?? `"${detail.revision}"` },
      }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      void queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
    },
    onError() {
      void queries.invalidateQueries({ queryKey: ["automation", detail.id] });
    },
  });
  return (
    <Dialog
      wide
      title={`Go back to config ${row.number}`}
      lead="It is made a new config, and the automation decides with it at once; the ones between stay in the list."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className="btn primary"
            type="button"
            disabled={restore.isPending || !data || state === "lost" || state === "signed-out"}
            onClick={() => restore.mutate()}
          >
            Go back to config {row.number}
          </button>
        </>
      }
    >
      {!data ? (
        <Loading what="what would change" />
      ) : data.differences.length === 0 ? (
        <p className="muted">It is what holds now: nothing would change.</p>
      ) : (
        <Differences rows={data.differences} before="Now" after={`Config ${row.number}`} />
      )}
      {restore.error && (
        <Failure
          error={
            isProblem(restore.error, "changed-meanwhile")
              ? new Error("it was changed meanwhile, and what is shown here was read again: look, and press once more")
              : restore.error
          }
        />
      )}
    </Dialog>
  );
}
