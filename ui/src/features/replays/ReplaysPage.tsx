import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { ReplayRow } from "@/api/client/types.gen";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { subtract } from "@/text/decimal";
import * as format from "@/text/format";
import { replaysQuery } from "./queries";
import { ReplayStatus } from "./ReplayStatus";

/** As many as can be told apart in one picture. */
const MOST = 6;

/** Every replay, newest first, with what it came to beside buying and holding. */
export function ReplaysPage() {
  const replays = useInfiniteQuery(replaysQuery);
  const { data: session } = useQuery(sessionQuery);
  const [picked, setPicked] = useState<readonly string[]>([]);
  const rows = replays.data?.pages.flatMap((page) => page.replays) ?? [];
  const may = session?.scopes.includes("replays:write") ?? false;
  const start = may && (
    <Link className="btn primary" to="/replays/new">
      New replay
    </Link>
  );
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Replays</h1>
          <p className="muted says">What an automation would have done on candles of the past.</p>
        </div>
        <div className="actions">
          {rows.length > 1 && <CompareButton picked={picked} />}
          {rows.length > 0 && start}
        </div>
      </div>
      {replays.error && rows.length === 0 ? (
        <Failure error={replays.error} onRetry={() => void replays.refetch()} />
      ) : replays.isPending ? (
        <Loading what="the replays" rows={8} />
      ) : rows.length === 0 ? (
        <Empty title="No replay yet" action={start}>
          Choose a type and candles of the past, and see what it would have come to beside buying and holding. Nothing
          is sent to an exchange.
        </Empty>
      ) : (
        <>
          <Table rows={rows} picked={picked} onPick={setPicked} />
          <More
            has={replays.hasNextPage}
            busy={replays.isFetchingNextPage}
            onMore={() => void replays.fetchNextPage()}
          />
        </>
      )}
    </div>
  );
}

function CompareButton({ picked }: { picked: readonly string[] }) {
  const navigate = useNavigate();
  const enough = picked.length > 1;
  return (
    <button
      className="btn"
      type="button"
      disabled={!enough}
      title={enough ? "" : "Choose two or more that are finished"}
      onClick={() => void navigate({ to: "/replays/compare", search: { replays: [...picked] } })}
    >
      {enough ? `Compare ${picked.length}` : "Compare"}
    </button>
  );
}

function Table({
  rows,
  picked,
  onPick,
}: {
  rows: readonly ReplayRow[];
  picked: readonly string[];
  onPick: (picked: readonly string[]) => void;
}) {
  const nameOf = useTypeNames();
  const now = useNow();
  return (
    <table className="stack replays" aria-label="Replays, newest first">
      <thead>
        <tr>
          <th>
            <span className="vh">Compare</span>
          </th>
          <th>Replay</th>
          <th>Status</th>
          <th>Type and market</th>
          <th className="num">Result</th>
          <th className="num">Holding</th>
          <th className="num">More than holding</th>
          <th className="num">Largest drawdown</th>
          <th className="num">Fills</th>
          <th className="num">Started, {format.zoneName()}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} aria-selected={picked.includes(row.id)}>
            <td className="pick">
              <input
                className="check"
                type="checkbox"
                aria-label={`Compare ${row.name}`}
                checked={picked.includes(row.id)}
                disabled={row.status !== "finished" || (picked.length >= MOST && !picked.includes(row.id))}
                onChange={(event) =>
                  onPick(event.target.checked ? [...picked, row.id] : picked.filter((each) => each !== row.id))
                }
              />
            </td>
            <th scope="row" className="cut">
              <Link to="/replays/$replay" params={{ replay: row.id }} title={row.notes || undefined}>
                {row.name}
              </Link>
            </th>
            <td className="end-cell">
              {row.status === "running" && row.total > 0 ? (
                <Bar done={row.done} total={row.total} />
              ) : (
                <ReplayStatus status={row.status} />
              )}
            </td>
            <td className="muted cut">
              {row.types.map(nameOf).join(", ")} on {row.symbols.join(", ")}
            </td>
            <Results row={row} />
            <td className="num muted desk-only">
              <Moment at={row.started_at ?? row.created_at} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Bar({ done, total }: { done: number; total: number }) {
  return (
    <span className="status">
      <progress aria-label="How far it is" max={total} value={done} />
      <span className="tnum">{format.count(Math.floor((100 * done) / total))} %</span>
    </span>
  );
}

function Results({ row }: { row: ReplayRow }) {
  const [first] = row.results;
  if (!first) {
    return (
      <td className="muted cut" colSpan={5} title={row.reason}>
        {row.status === "failed" ? row.reason : ""}
      </td>
    );
  }
  const more =
    first.total_return === null || first.holding_return === null
      ? null
      : subtract(first.total_return, first.holding_return);
  const dash = <span className="faint">–</span>;
  return (
    <>
      <td className="num">
        {first.total_return === null ? <span className="unk">not known</span> : <Ratio value={first.total_return} />}
        {row.results.length > 1 && <span className="faint"> 1 of {row.results.length}</span>}
      </td>
      <td className="num muted desk-only">
        {first.holding_return === null ? dash : format.ratio(first.holding_return, { signed: true })}
      </td>
      <td className="num desk-only">{more === null ? dash : <Ratio value={more} />}</td>
      <td className="num desk-only">
        {first.max_drawdown_ratio === null ? dash : format.ratio(first.max_drawdown_ratio, { signed: false })}
      </td>
      <td className="num muted desk-only">{format.count(first.fills)}</td>
    </>
  );
}

export function Ratio({ value }: { value: string }) {
  const text = format.ratio(value, { signed: true });
  return <span className={format.gainOrLoss(text)}>{text}</span>;
}
