import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { cancelReplay, deleteReplay } from "@/api/client/sdk.gen";
import type { Progress, ReplayDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Gone } from "@/parts/Gone";
import { lazyPart } from "@/parts/lazyPart";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { useProgress } from "./progress";
import { isOver, type LoadedReplay, replayQuery } from "./queries";
import { ReplayStatus } from "./ReplayStatus";
import { Notes } from "./report/Notes";
import { OnPaper } from "./report/OnPaper";
import { REPLAY_TABS, type ReplaySearch, type ReplayTab } from "./search";

const Report = lazyPart(() => import("./report/Report"));
const Fills = lazyPart(() => import("./report/Fills"));
const Log = lazyPart(() => import("./report/Log"));

export function ReplayPage({ id, search }: { id: string; search: ReplaySearch }) {
  const { data, error, refetch } = useQuery(replayQuery(id));
  if (!data) {
    if (isProblem(error, "not-found"))
      return (
        <Gone what="replay" all="All replays" to="/replays">
          It was deleted, its time was over, or it is somebody else’s.
        </Gone>
      );
    return (
      <div className="page">
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the replay" rows={8} />}
      </div>
    );
  }
  return <Loaded loaded={data} search={search} />;
}

function Loaded({ loaded, search }: { loaded: LoadedReplay; search: ReplaySearch }) {
  const { replay } = loaded;
  const progress = useProgress(replay.id, !isOver(replay));
  const { tab = "report" } = search;
  const automation = search.automation ?? replay.results[0]?.name ?? "";
  const finished = replay.status === "finished";
  return (
    <div className="page replay">
      <Head replay={replay} automation={automation} />
      {finished ? (
        <>
          <Tabs replay={replay} search={search} />
          {tab !== "log" && <Which replay={replay} search={search} automation={automation} />}
          <Suspense fallback={<Loading what="this part" rows={8} />}>
            {tab === "report" && <Report replay={replay} automation={automation} key={automation} />}
            {tab === "fills" && <Fills id={replay.id} automation={automation} key={automation} />}
            {tab === "log" && <Log id={replay.id} />}
          </Suspense>
        </>
      ) : (
        <Underway replay={replay} progress={progress} />
      )}
      <Notes loaded={loaded} />
    </div>
  );
}

function Head({ replay, automation }: { replay: ReplayDetail; automation: string }) {
  const nameOf = useTypeNames();
  const result = replay.results.find((each) => each.name === automation);
  return (
    <div className="page-head">
      <div className="grow">
        <p className="small muted crumb">
          <Link to="/replays">‹ Replays</Link>
        </p>
        <h1 className="cut">{replay.name}</h1>
        <p className="say">
          <ReplayStatus status={replay.status} label={took(replay)} />
          <span className="muted">
            {replay.types.map(nameOf).join(", ")} on {replay.symbols.join(", ")}
          </span>
          {result?.holding_return && (
            <span className="muted">Holding brought {format.ratio(result.holding_return, { signed: true })}</span>
          )}
        </p>
      </div>
      <Actions replay={replay} automation={automation} />
    </div>
  );
}

function took(replay: ReplayDetail): string {
  if (replay.status !== "finished" || !replay.started_at || !replay.ended_at) {
    return {
      queued: "Waits its turn",
      running: "Runs",
      failed: "Failed",
      cancelled: "Cancelled",
      finished: "Finished",
    }[replay.status];
  }
  const span = Date.parse(replay.ended_at) - Date.parse(replay.started_at);
  return `Finished in ${format.span(Math.max(span, 1_000))}`;
}

function Actions({ replay, automation }: { replay: ReplayDetail; automation: string }) {
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asks, setAsks] = useState<"nothing" | "delete" | "paper">("nothing");
  const off = state === "lost" || state === "signed-out";
  const cancel = useMutation({
    mutationFn: () => cancelReplay({ path: { replay: replay.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["replays"] }),
  });
  const remove = useMutation({
    mutationFn: () => deleteReplay({ path: { replay: replay.id } }),
    async onSuccess() {
      await navigate({ to: "/replays" });
      queries.removeQueries({ queryKey: ["replays", replay.id] });
      await queries.invalidateQueries({ queryKey: ["replays"] });
    },
  });
  if (!session?.scopes.includes("replays:write")) return null;
  return (
    <div className="actions">
      {!isOver(replay) ? (
        <button className="btn" type="button" disabled={off || cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel it
        </button>
      ) : (
        <>
          {replay.status === "finished" && (
            <button className="btn desk-only" type="button" onClick={() => print()}>
              Print
            </button>
          )}
          <button className="btn quiet" type="button" disabled={off} onClick={() => setAsks("delete")}>
            Delete…
          </button>
          <Link className="btn" to="/replays/new" search={{ again: replay.id }}>
            Replay again…
          </Link>
          {replay.status === "finished" && session.scopes.includes("automations:write") && (
            <button className="btn primary" type="button" disabled={off} onClick={() => setAsks("paper")}>
              Run this on paper…
            </button>
          )}
        </>
      )}
      {cancel.error && <Failure error={cancel.error} />}
      {asks === "paper" && <OnPaper replay={replay} automation={automation} onClose={() => setAsks("nothing")} />}
      {asks === "delete" && (
        <Dialog
          title={`Delete ${replay.name}`}
          lead="Its report, curves, fills and log go with it. Its candles stay."
          onClose={() => setAsks("nothing")}
          foot={
            <>
              <button className="btn" type="button" onClick={() => setAsks("nothing")}>
                Keep it
              </button>
              <button
                className="btn danger primary"
                type="button"
                disabled={remove.isPending}
                onClick={() => remove.mutate()}
              >
                Delete it
              </button>
            </>
          }
        >
          {remove.error && <Failure error={remove.error} />}
        </Dialog>
      )}
    </div>
  );
}

function Tabs({ replay, search }: { replay: ReplayDetail; search: ReplaySearch }) {
  const fills = replay.results.reduce((sum, each) => sum + each.fills, 0);
  const names: Record<ReplayTab, string> = { report: "Report", fills: "Fills", log: "Log" };
  return (
    <nav className="tabs" aria-label={`Parts of ${replay.name}`}>
      {REPLAY_TABS.map((each) => (
        <Link
          key={each}
          to="/replays/$replay"
          params={{ replay: replay.id }}
          search={{
            ...(each === "report" ? {} : { tab: each }),
            ...(search.automation ? { automation: search.automation } : {}),
          }}
          activeOptions={{ exact: true, includeSearch: true }}
          replace
        >
          {names[each]}
          {each === "fills" && <span className="n">{format.count(fills)}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** Of a replay of several automations, which one is looked at. */
function Which({ replay, search, automation }: { replay: ReplayDetail; search: ReplaySearch; automation: string }) {
  if (replay.results.length < 2) return null;
  return (
    <nav className="sfil which" aria-label="Automation">
      {replay.results.map((each) => (
        <Link
          key={each.name}
          to="/replays/$replay"
          params={{ replay: replay.id }}
          search={{ ...search, automation: each.name }}
          aria-current={each.name === automation ? "true" : undefined}
          replace
        >
          <b>{each.name}</b>
          {each.total_return !== null && format.ratio(each.total_return, { signed: true })}
        </Link>
      ))}
    </nav>
  );
}

/** One that waits, runs, or came to no end. */
function Underway({ replay, progress }: { replay: ReplayDetail; progress: Progress | null }) {
  const now = progress ?? { ...replay, place: null };
  if (replay.status === "failed") {
    return (
      <div className="note bad" role="alert">
        <p>
          <b>It failed.</b> {replay.reason}
        </p>
      </div>
    );
  }
  if (replay.status === "cancelled") return <p className="muted none">It was cancelled: there is no report.</p>;
  if (now.status === "queued") {
    const before = now.place ?? 0;
    return (
      <div className="underway" role="status">
        <p>
          <b>{before > 0 ? `It waits: ${format.count(before)} before it.` : "It is about to begin."}</b>{" "}
          {now.reason && <span className="muted">{now.reason}</span>}
        </p>
        <p className="muted">You may leave this page: it goes on without it.</p>
      </div>
    );
  }
  const share = now.total > 0 ? Math.floor((100 * now.done) / now.total) : 0;
  return (
    <div className="underway">
      <progress aria-label="How far it is" max={now.total || 1} value={now.done} />
      <dl className="facts">
        <div>
          <dt>Candles</dt>
          <dd className="tnum">
            {now.total > 0 ? `${format.count(now.done)} of ${format.count(now.total)}, ${share} %` : "are read"}
          </dd>
        </div>
        <div>
          <dt>It is at</dt>
          <dd className="tnum">{now.virtual_now ? format.dayAndTime(new Date(now.virtual_now)) : "its beginning"}</dd>
        </div>
      </dl>
      <p className="muted">You may leave this page: it goes on without it.</p>
    </div>
  );
}
