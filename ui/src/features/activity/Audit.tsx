import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { AuditRow } from "@/api/client/types.gen";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { type AuditFilter, auditQuery, verifyAll } from "./queries";

const OUTCOMES: Record<AuditRow["outcome"], Mark> = {
  done: "completed",
  refused: "refused",
  failed: "failed",
  unknown: "unknown",
};

/** What is done is named by its subject: a group of actions ends with a dot. */
const ACTIONS = [
  ["automations.", "Automations"],
  ["accounts.", "Accounts"],
  ["orders.", "Orders"],
  ["kill_switches.", "Kill switches"],
  ["replays.", "Replays"],
  ["auth.", "Log-ins"],
  ["users.", "Users"],
  ["keys.", "API keys"],
  ["nodes.", "Nodes"],
] as const;

/** Who did what, from where, and how it ended; nobody can change an entry. */
export function Audit({ filter }: { filter: AuditFilter }) {
  const { data: session } = useQuery(sessionQuery);
  const everybody = session?.scopes.includes("audit:read") ?? false;
  const audit = useInfiniteQuery(auditQuery(filter, everybody));
  const rows = audit.data?.pages.flatMap((page) => page.entries) ?? [];
  const narrowed = Object.keys(filter).length > 0;
  return (
    <>
      <Filters filter={filter} everybody={everybody} rows={rows} />
      {everybody && <Verify />}
      {audit.error && rows.length === 0 ? (
        <Failure error={audit.error} onRetry={() => void audit.refetch()} />
      ) : audit.isPending ? (
        <Loading what="the audit" rows={12} />
      ) : rows.length === 0 ? (
        narrowed ? (
          <Empty title="Nothing fits">Nobody did anything of that kind then.</Empty>
        ) : (
          <Empty title="Nobody did anything yet">Changes, log-ins and refusals are told here.</Empty>
        )
      ) : (
        <>
          <ol className="audit" aria-label="Who did what, newest first">
            {rows.map((row) => (
              <Entry key={row.id} row={row} />
            ))}
          </ol>
          <More has={audit.hasNextPage} busy={audit.isFetchingNextPage} onMore={() => void audit.fetchNextPage()} />
        </>
      )}
    </>
  );
}

function Entry({ row }: { row: AuditRow }) {
  const now = useNow();
  const data = Object.entries(row.data).filter(([, value]) => value !== null && JSON.stringify(value) !== "{}");
  const said = (
    <>
      <Shape mark={OUTCOMES[row.outcome]} />
      <b>{row.actor}</b> {words(row.action)}
      {row.target && row.target !== row.actor && <b> {row.target}</b>}
      <span className={row.outcome === "done" ? "vh" : "bad"}>, {row.outcome}</span>
    </>
  );
  return (
    <li>
      <Moment at={row.at} now={now} />
      {data.length === 0 ? (
        <span>{said}</span>
      ) : (
        <details>
          <summary>{said}</summary>
          <dl className="facts conf-fields">
            {data.map(([name, value]) => (
              <div key={name}>
                <dt className="mono">{name}</dt>
                <dd className="mono small">{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
              </div>
            ))}
            <div>
              <dt className="mono">request</dt>
              <dd className="mono small">{row.request_id || "–"}</dd>
            </div>
          </dl>
        </details>
      )}
      <span className="small muted">
        {row.via}
        {row.address && `, ${row.address}`}
      </span>
    </li>
  );
}

function words(action: string): string {
  return action.replaceAll("_", " ").replace(".", ": ");
}

function Filters({ filter, everybody, rows }: { filter: AuditFilter; everybody: boolean; rows: readonly AuditRow[] }) {
  const navigate = useNavigate();
  const [actor, setActor] = useState(filter.actor ?? "");
  useEffect(() => setActor(filter.actor ?? ""), [filter.actor]);
  const change = (part: AuditFilter) => {
    const next = Object.fromEntries(
      Object.entries({ ...filter, ...part }).filter(([, value]) => value !== ""),
    ) as AuditFilter;
    void navigate({ to: "/activity", search: { show: "audit", ...next }, replace: true });
  };
  const group = filter.action?.endsWith(".") ? filter.action : filter.action ? `${filter.action.split(".")[0]}.` : "";
  const within = [...new Set(rows.map((row) => row.action).filter((each) => group !== "" && each.startsWith(group)))];
  if (filter.action && !filter.action.endsWith(".") && !within.includes(filter.action)) within.push(filter.action);
  const narrowed = Object.keys(filter).length > 0;
  return (
    <search className="filters audit-filters">
      {everybody && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change({ actor: actor.trim() });
          }}
        >
          <div className="input">
            <input
              aria-label="Who"
              placeholder="Who"
              list="actors"
              autoCapitalize="none"
              value={actor}
              onChange={(event) => setActor(event.target.value)}
              onBlur={() => actor.trim() !== (filter.actor ?? "") && change({ actor: actor.trim() })}
            />
            <datalist id="actors">
              {[...new Set(rows.map((row) => row.actor))].map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          </div>
        </form>
      )}
      <div className="input">
        <select aria-label="What" value={group} onChange={(event) => change({ action: event.target.value })}>
          <option value="">Whatever was done</option>
          {ACTIONS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
          {group && !ACTIONS.some(([value]) => value === group) && <option value={group}>{group.slice(0, -1)}</option>}
        </select>
      </div>
      {within.length > 0 && (
        <div className="input">
          <select
            aria-label="What exactly"
            value={filter.action ?? ""}
            onChange={(event) => change({ action: event.target.value })}
          >
            <option value={group}>All of it</option>
            {within.sort().map((each) => (
              <option key={each} value={each}>
                {words(each).replace(/^.*: /, "")}
              </option>
            ))}
          </select>
        </div>
      )}
      <div className="input">
        <input
          type="date"
          aria-label="From that day, UTC"
          title="From that day, UTC"
          value={filter.since ?? ""}
          onChange={(event) => change({ since: event.target.value })}
        />
      </div>
      <div className="input">
        <input
          type="date"
          aria-label="To that day, UTC"
          title="To that day, UTC"
          value={filter.until ?? ""}
          onChange={(event) => change({ until: event.target.value })}
        />
      </div>
      {narrowed && (
        <button
          className="btn quiet small"
          type="button"
          onClick={() => void navigate({ to: "/activity", search: { show: "audit" }, replace: true })}
        >
          Show all
        </button>
      )}
    </search>
  );
}

/** Whether entries are what was written: each names the hash of the one before. */
function Verify() {
  const [verified, setVerified] = useState(0);
  const verify = useMutation({
    mutationFn: () => verifyAll(setVerified),
    onMutate: () => setVerified(0),
  });
  const found = verify.data;
  return (
    <div className="verify">
      <button className="btn small" type="button" disabled={verify.isPending} onClick={() => verify.mutate()}>
        {verify.isPending ? "Verifying" : "Verify"}
      </button>
      <p className="small" role="status">
        {verify.isPending ? (
          <span className="tnum">{format.count(verified)} entries hold so far.</span>
        ) : found?.holds ? (
          <>
            <b>All {format.count(found.verified)} entries are what was written.</b>{" "}
            <span className="muted">
              Keep <code title={found.anchor}>{shortened(found.anchor)}</code> elsewhere: it shows later what was
              changed.
              {found.remembered && ` ${capital(found.remembered)}`}
            </span>
          </>
        ) : found ? (
          <span className="bad">
            <b>
              {found.broken ? `Entry ${format.count(found.broken.id)} is not what was written` : "It does not hold"}
            </b>
            : {found.broken?.why ?? found.remembered}
          </span>
        ) : (
          <span className="muted">
            Each entry names the hash of the one before, so that none can be changed unseen.
          </span>
        )}
      </p>
      {verify.error && <Failure error={verify.error} />}
      <a className="btn small quiet" href="/api/v1/audit/export" download="audit.ndjson">
        Export
      </a>
    </div>
  );
}

function shortened(anchor: string): string {
  return anchor.length > 24 ? `${anchor.slice(0, 20)}…` : anchor;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
