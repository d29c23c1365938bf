import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import { renewOwnKeys } from "@/api/client/sdk.gen";
import type { Cause } from "@/api/client/types.gen";
import type { Chosen, Command } from "@/features/automations/bulk";
import { WORDS } from "@/features/automations/bulkWords";
import { STATUSES } from "@/features/automations/search";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";
import { attentionQuery } from "./queries";

/** They are wanted seldom, and this page is opened first. */
const BulkDialog = lazyPart(() => import("@/features/automations/BulkDialog"));
const UnknownOrders = lazyPart(() => import("./UnknownOrders"));

const MARKS: Record<Cause["kind"], Mark> = {
  failed: "failed",
  held: "held",
  unknown_orders: "unknown",
  late: "unknown",
  lacking_funds: "refused",
  short_account: "refused",
  silent_account: "unknown",
  silent_node: "unknown",
  broken_plugin: "failed",
  kill_switch: "held",
  waiting: "waiting",
  expiring_key: "waiting",
  other: "unknown",
};

/** So many are read at a glance. */
const FIRST = 8;

type Asked = { what: "bulk"; command: Command; chosen: Chosen; count: number } | { what: "unknown" } | null;

/** What needs somebody, by cause and not by row, each with what can be done about all of it; what mends itself last. */
export function Needs({ now, quiet = false }: { now: Date; quiet?: boolean }) {
  const { data, error, refetch } = useQuery(attentionQuery);
  const [asked, setAsked] = useState<Asked>(null);
  const [all, setAll] = useState(false);
  // The node tells those that need somebody first, the largest first.
  const shown = all ? (data?.causes ?? []) : (data?.causes.slice(0, FIRST) ?? []);
  // Where there are a few, a heading over nothing is in the way.
  if (quiet && (!data || data.causes.length === 0)) return null;
  return (
    <section aria-labelledby="h-att" className="needs">
      <div className="section-head">
        <h2 id="h-att">Needs attention</h2>
        {data && data.causes.length > 0 && <span className="end">{counted(data.causes.length, "cause")}</span>}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Loading what="what needs attention" />
      ) : data.causes.length === 0 ? (
        <p className="muted none">Nothing does.</p>
      ) : (
        <ul className="att">
          {shown.map((cause) => (
            <li key={`${cause.kind} ${cause.title} ${cause.detail}`}>
              <Shape mark={MARKS[cause.kind]} />
              <span className="grow">
                <Title cause={cause} />
                <span className="why-line">{sentence(cause.detail)}</span>
              </span>
              <b className="tnum">{format.count(cause.count)}</b>
              <span className="muted tnum when">{cause.oldest && <Moment at={cause.oldest} now={now} />}</span>
              <span className="cure">
                <Cure cause={cause} onAsk={setAsked} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {data && shown.length < data.causes.length && (
        <p className="more-line">
          <button className="btn small" type="button" onClick={() => setAll(true)}>
            {counted(data.causes.length - shown.length, "more cause")}
          </button>
        </p>
      )}
      <Suspense fallback={null}>
        {asked?.what === "bulk" && (
          <BulkDialog
            command={asked.command}
            chosen={asked.chosen}
            count={asked.count}
            onClose={() => setAsked(null)}
            onDone={() => void refetch()}
          />
        )}
        {asked?.what === "unknown" && <UnknownOrders onClose={() => setAsked(null)} />}
      </Suspense>
    </section>
  );
}

function counted(value: number, what: string): string {
  return `${format.count(value)} ${what}${value === 1 ? "" : "s"}`;
}

function Title({ cause }: { cause: Cause }) {
  if (cause.kind === "failed" || cause.kind === "held" || cause.kind === "waiting") {
    const type = cause.help?.arguments["type"];
    return (
      <Link to="/automations" search={{ status: cause.kind, ...(typeof type === "string" ? { type } : {}) }}>
        <b>{cause.title}</b>
      </Link>
    );
  }
  const automation = cause.help?.arguments["automation"];
  if (cause.kind === "lacking_funds" && typeof automation === "string") {
    return (
      <Link to="/automations/$automation" params={{ automation }} search={{ tab: "money" }}>
        <b>{cause.title}</b>
      </Link>
    );
  }
  const account = cause.help?.arguments["account"];
  if ((cause.kind === "short_account" || cause.kind === "silent_account") && typeof account === "string") {
    return (
      <Link to="/accounts/$account" params={{ account }}>
        <b>{cause.title}</b>
      </Link>
    );
  }
  return <b>{cause.title}</b>;
}

function Cure({ cause, onAsk }: { cause: Cause; onAsk: (asked: Asked) => void }) {
  const { data: session } = useQuery(sessionQuery);
  if (cause.mends_itself) return <span className="small muted">nothing to do</span>;
  if (cause.help?.operation === "orders.list" && cause.kind === "unknown_orders") {
    return (
      <button className="btn small" type="button" onClick={() => onAsk({ what: "unknown" })}>
        {cause.count === 1 ? "Settle it…" : `Settle ${format.count(cause.count)}…`}
      </button>
    );
  }
  if (cause.help?.operation === "keys.renew") return <RenewKeys count={cause.count} />;
  const automation = cause.help?.arguments["automation"];
  if (cause.kind === "lacking_funds" && typeof automation === "string") {
    return (
      <Link className="btn small" to="/automations/$automation" params={{ automation }} search={{ tab: "money" }}>
        Its budget
      </Link>
    );
  }
  const bulk = bulkOf(cause);
  if (!bulk || !session?.scopes.includes("automations:write")) return null;
  return (
    <button className="btn small" type="button" onClick={() => onAsk({ what: "bulk", ...bulk, count: cause.count })}>
      {WORDS[bulk.command].button} {format.count(cause.count)}…
    </button>
  );
}

/** Keys that end soon hold for another ninety days; whoever lets them shows that it is them. */
function RenewKeys({ count }: { count: number }) {
  const queries = useQueryClient();
  const renew = useMutation({
    mutationFn: () => renewOwnKeys({ body: {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: attentionQuery.queryKey }),
  });
  return (
    <>
      <button className="btn small" type="button" disabled={renew.isPending} onClick={() => renew.mutate()}>
        {count === 1 ? "Renew it" : `Renew ${format.count(count)}`}
      </button>
      <Proving error={renew.error} onProved={() => renew.mutate()} />
    </>
  );
}

/** What the node offers to do about all of them, where it is a command that is known here. */
export function bulkOf({ help }: Pick<Cause, "help">): { command: Command; chosen: Chosen } | null {
  if (help?.operation !== "automations.bulk") return null;
  const { command, status, type, account, ids } = help.arguments;
  if (typeof command !== "string" || !Object.hasOwn(WORDS, command)) return null;
  if (Array.isArray(ids)) return { command: command as Command, chosen: { ids: ids.map(String) } };
  const statuses = Array.isArray(status) ? STATUSES.filter((each) => status.includes(each)) : [];
  const filter = {
    ...(statuses.length > 0 ? { status: statuses } : {}),
    ...(typeof type === "string" ? { type } : {}),
    ...(typeof account === "string" ? { account } : {}),
  };
  // Never everything, where what was meant is not understood.
  return Object.keys(filter).length === 0 ? null : { command: command as Command, chosen: { filter } };
}
