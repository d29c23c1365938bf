import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { deleteAccount, editAccount } from "@/api/client/sdk.gen";
import type { AccountDetail, CapabilitiesRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { openKillSwitch } from "@/features/kill-switch/open";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Gone } from "@/parts/Gone";
import { Shape } from "@/parts/Icon";
import { setPreference } from "@/parts/preferences";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add } from "@/text/decimal";
import * as format from "@/text/format";
import { State } from "./AccountsPage";
import { LIMITS, limitsOf } from "./body";
import { Contact } from "./Contact";
import { Mode } from "./Mode";
import { MoneyAtExchange } from "./MoneyAtExchange";
import { accountQuery, accountTotalsQuery, type LoadedAccount, totalsOf, unknownOrdersQuery } from "./queries";

export default function AccountPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(accountQuery(id));
  if (!data) {
    if (isProblem(error, "not-found"))
      return (
        <Gone what="account" all="All accounts" to="/accounts">
          It was deleted, or it is somebody else’s.
        </Gone>
      );
    return (
      <div className="page">
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the account" rows={8} />}
      </div>
    );
  }
  const { account } = data;
  return (
    <div className="page">
      <Head loaded={data} />
      {account.problem && (
        <div className="note bad" role="alert">
          <p>
            <b>It cannot be opened.</b> {account.problem}
          </p>
        </div>
      )}
      {Object.keys(account.lacks).length > 0 && <Lacks account={account} />}
      <div className="money">
        <div>
          {account.unknown_orders > 0 && <UnknownOrders account={account} />}
          <MoneyAtExchange account={account} />
          <Results account={account} />
        </div>
        <div>
          <Connection account={account} />
          <LimitsOf loaded={data} />
          {account.capabilities && <Guarantees of={account.capabilities} />}
        </div>
      </div>
    </div>
  );
}

/** What its exchange has too little of: orders that spend it wait for somebody. */
function Lacks({ account }: { account: AccountDetail }) {
  return (
    <div className="note bad" role="alert">
      <p>
        <b>The exchange has less than its automations reckon with.</b> Orders that spend it are not sent. Put back what
        is missing, or stop an automation that it is of.
      </p>
      <ul className="plain">
        {Object.entries(account.lacks).map(([asset, each]) => (
          <li key={asset}>
            <Money value={each.has} asset={asset} /> of <Money value={each.needs} asset={asset} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Head({ loaded }: { loaded: LoadedAccount }) {
  const { account } = loaded;
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const [asks, setAsks] = useState<"nothing" | "rename" | "delete">("nothing");
  const off = state === "lost" || state === "signed-out";
  const may = session?.scopes.includes("accounts:write") ?? false;
  return (
    <div className="page-head">
      <div className="grow">
        <p className="small muted crumb">
          <Link to="/accounts">‹ Accounts</Link>
        </p>
        <h1 className="cut">{account.name}</h1>
        <p className="say">
          <State account={account} />
          <span className={account.simulated ? "tag paper" : "tag"}>{account.simulated ? "Play money" : "Live"}</span>
          <span className="muted">
            Orders go to {placeName(account.trading, account.trading_settings)}, prices come from{" "}
            {placeName(account.market_data, account.market_data_settings)}
          </span>
        </p>
      </div>
      <div className="actions">
        {may && (
          <>
            <button className="btn quiet" type="button" disabled={off} onClick={() => setAsks("delete")}>
              Delete…
            </button>
            <button className="btn" type="button" disabled={off} onClick={() => setAsks("rename")}>
              Rename…
            </button>
            <Mode account={account} />
          </>
        )}
        {account.sending && session?.scopes.includes("kill-switch:write") && (
          <button className="btn danger" type="button" onClick={() => openKillSwitch(account.id)}>
            Stop sending…
          </button>
        )}
        {account.automations === 0 ? (
          <Link className="btn" to="/new">
            New automation
          </Link>
        ) : (
          <Link
            className="btn"
            to="/automations"
            search={{ account: account.id }}
            onClick={() => setPreference("book", account.simulated ? "paper" : "live")}
          >
            Its {format.count(account.automations)} {account.automations === 1 ? "automation" : "automations"}
          </Link>
        )}
      </div>
      {asks === "rename" && <Rename loaded={loaded} onClose={() => setAsks("nothing")} />}
      {asks === "delete" && <Delete account={account} onClose={() => setAsks("nothing")} />}
    </div>
  );
}

function Rename({ loaded, onClose }: { loaded: LoadedAccount; onClose: () => void }) {
  const { account, etag } = loaded;
  const [name, setName] = useState(account.name);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      editAccount({ path: { account: account.id }, headers: { "If-Match": etag ?? "*" }, body: { name: name.trim() } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
    },
    onError: () => void queries.invalidateQueries({ queryKey: accountQuery(account.id).queryKey }),
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    save.mutate();
  }
  return (
    <Dialog
      title={`Rename ${account.name}`}
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="btn primary" type="submit" form="rename" disabled={!name.trim() || save.isPending}>
            Rename it
          </button>
        </>
      }
    >
      <form id="rename" onSubmit={submit}>
        <Line label="Name">
          {(props) => (
            <input {...props} maxLength={128} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Line>
        {save.error && <Failure error={save.error} />}
      </form>
    </Dialog>
  );
}

function Delete({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteAccount({ path: { account: account.id } }),
    async onSuccess() {
      await navigate({ to: "/accounts" });
      queries.removeQueries({ queryKey: accountQuery(account.id).queryKey });
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const taken = account.automations > 0;
  return (
    <Dialog
      title={`Delete ${account.name}`}
      lead={
        taken
          ? `${format.count(account.automations)} automations are on it: delete those first.`
          : "Its keys are forgotten. What is at the exchange stays there."
      }
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Keep it
          </button>
          <button
            className="btn danger primary"
            type="button"
            disabled={taken || remove.isPending}
            onClick={() => remove.mutate()}
          >
            Delete it
          </button>
        </>
      }
    >
      {remove.error && <Failure error={remove.error} />}
    </Dialog>
  );
}

/** Orders of it of which nobody knows what became: each is settled on its automation's page. */
function UnknownOrders({ account }: { account: AccountDetail }) {
  const { data: orders } = useQuery(unknownOrdersQuery);
  const now = useNow();
  const own = orders?.filter((each) => each.account === account.name) ?? [];
  return (
    <section className="blk" aria-labelledby="h-unknown">
      <div className="section-head">
        <h2 id="h-unknown">Orders of unknown outcome</h2>
        <span className="end">{format.count(account.unknown_orders)}</span>
      </div>
      <ul className="olist" aria-label="Orders of unknown outcome">
        {own.map((each) => (
          <li key={each.id}>
            <Shape mark="unknown" />
            <span>
              <b>
                {each.side === "buy" ? "Buy" : "Sell"} on {each.symbol}
              </b>{" "}
              of {each.automation}, since <Moment at={each.created_at} now={now} />
              {each.reason && <span className="why-line">{each.reason}</span>}
            </span>
            <Link
              className="btn small"
              to="/automations/$automation"
              params={{ automation: each.automation_id }}
              search={{ tab: "orders" }}
            >
              See why, and settle it
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What its automations came to, in each asset. */
function Results({ account }: { account: AccountDetail }) {
  const { data: totals, error, refetch } = useQuery(accountTotalsQuery);
  const now = useNow();
  const rows = totalsOf(totals?.rows, account.id);
  return (
    <section className="blk" aria-labelledby="h-results">
      <div className="section-head">
        <h2 id="h-results">What its automations came to</h2>
        {totals && (
          <span className="end">
            As of <Moment at={totals.as_of} now={now} /> {format.zoneName()}
          </span>
        )}
      </div>
      {error && !totals ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !totals ? (
        <Loading what="what they came to" />
      ) : rows.length === 0 ? (
        <p className="muted none">Nothing yet.</p>
      ) : (
        rows.map((row) => (
          <dl className="facts" key={row.asset}>
            <div className="sum">
              <dt>Worth, with what is held at the last prices</dt>
              <dd>
                <Money value={row.equity} asset={row.asset} /> <Change now={row.equity} before={row.start_equity} />
              </dd>
            </div>
            <div>
              <dt>Today, since 00:00 UTC</dt>
              <dd>
                {row.today_unknown === row.automations ? (
                  <NotKnown />
                ) : (
                  <Result value={row.today} asset={row.asset} unit />
                )}
              </dd>
            </div>
            <div>
              <dt>In all</dt>
              <dd>
                <Result value={add(row.realised, row.unrealised)} asset={row.asset} unit />
              </dd>
            </div>
            <div>
              <dt>Fees paid</dt>
              <dd>
                <Money value={row.fees} asset={row.asset} />
              </dd>
            </div>
            {row.unpriced.length > 0 && (
              <div>
                <dt>In no sum, since no price is known</dt>
                <dd>
                  <NotKnown what={row.unpriced.map((each) => each.symbol).join(", ")} />
                </dd>
              </div>
            )}
          </dl>
        ))
      )}
    </section>
  );
}

function Connection({ account }: { account: AccountDetail }) {
  const settings = [
    ...Object.entries(account.trading_settings).map(([name, value]) => [`orders, ${name}`, value] as const),
    ...Object.entries(account.market_data_settings).map(([name, value]) => [`prices, ${name}`, value] as const),
  ].filter(([, value]) => value !== null && value !== "" && JSON.stringify(value) !== "{}");
  return (
    <section className="blk" aria-labelledby="h-conn">
      <div className="section-head">
        <h2 id="h-conn">Connection</h2>
      </div>
      <Contact account={account} />
      <dl className="facts conf-fields">
        <div>
          <dt>Way out of this machine</dt>
          <dd>
            {account.egress}
            {account.market_data_egress !== account.egress && `, prices by ${account.market_data_egress}`}
          </dd>
        </div>
        <div>
          <dt>Resting orders</dt>
          <dd>{format.count(account.open_orders)}</dd>
        </div>
        <div>
          <dt>Orders of unknown outcome</dt>
          <dd className={account.unknown_orders > 0 ? "unk" : ""}>{format.count(account.unknown_orders)}</dd>
        </div>
        {settings.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>{shown(value)}</dd>
          </div>
        ))}
        {account.secrets.length > 0 && (
          <div>
            <dt>Kept, and never told</dt>
            <dd className="mono small">{account.secrets.join(", ")}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** What a connector that knows many exchanges stands for here. */
function placeName(use: string, settings: Record<string, unknown>): string {
  const exchange = settings["exchange"];
  return typeof exchange === "string" && exchange ? `${exchange} (${use})` : use;
}

/** A setting in a line: of money by asset each amount with its asset. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return Object.entries(value)
    .map(([name, each]) =>
      /^-?\d+(\.\d+)?$/.test(String(each)) ? `${format.exact(String(each))} ${name}` : `${name} ${shown(each)}`,
    )
    .join(", ");
}

function LimitsOf({ loaded }: { loaded: LoadedAccount }) {
  const { account, etag } = loaded;
  const { data: session } = useQuery(sessionQuery);
  const [edits, setEdits] = useState(false);
  const [limits, setLimits] = useState<Record<string, string>>({});
  const queries = useQueryClient();
  const given = Object.entries(account.limits).filter(([, value]) => value !== null && value !== undefined);
  const save = useMutation({
    mutationFn: () =>
      editAccount({
        path: { account: account.id },
        headers: { "If-Match": etag ?? "*" },
        body: { limits: limitsOf(limits) },
      }),
    async onSuccess() {
      setEdits(false);
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
    onError: () => void queries.invalidateQueries({ queryKey: accountQuery(account.id).queryKey }),
  });
  const labels = new Map(LIMITS.map(([name, label]) => [name as string, label]));
  const fields = isProblem(save.error) ? save.error.fields : [];
  const stale = isProblem(save.error) && save.error.status === 412;
  function submit(event: FormEvent): void {
    event.preventDefault();
    save.mutate();
  }
  return (
    <section className="blk" aria-labelledby="h-limits">
      <div className="section-head">
        <h2 id="h-limits">Limits on all of them together</h2>
        {!edits && session?.scopes.includes("accounts:write") && (
          <span className="end">
            <button
              className="btn small"
              type="button"
              onClick={() => {
                setLimits(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
                save.reset();
                setEdits(true);
              }}
            >
              Change
            </button>
          </span>
        )}
      </div>
      {edits ? (
        <form className="fields one" onSubmit={submit} aria-label="Limits" noValidate>
          {LIMITS.map(([name, label, hint]) => (
            <Line
              key={name}
              label={label}
              hint={hint || undefined}
              error={fields.find((each) => each.field.endsWith(name))?.reason}
            >
              {(props) => (
                <input
                  {...props}
                  autoComplete="off"
                  value={limits[name] ?? ""}
                  onChange={(event) => setLimits({ ...limits, [name]: event.target.value.trim() })}
                />
              )}
            </Line>
          ))}
          {stale ? (
            <div className="note warn" role="alert">
              <p>
                <b>Somebody changed it meanwhile.</b> Theirs:{" "}
                {given.map(([name, value]) => `${name} ${String(value)}`).join(", ") || "none"}. Save again to put yours
                in its place.
              </p>
            </div>
          ) : (
            save.error && fields.length === 0 && <Failure error={save.error} />
          )}
          <p className="go">
            <button className="btn primary" type="submit" disabled={save.isPending}>
              Save
            </button>
            <button className="btn quiet" type="button" onClick={() => setEdits(false)}>
              Cancel
            </button>
          </p>
        </form>
      ) : given.length === 0 ? (
        <p className="muted none">None.</p>
      ) : (
        <dl className="facts">
          {given.map(([name, value]) => (
            <div key={name}>
              <dt>{labels.get(name) ?? name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

const LOOKUP: Record<CapabilitiesRow["lookup"], string> = {
  none: "never",
  open: "while they are open",
  recent: "for a while",
  all: "always",
};
const DEDUPE: Record<CapabilitiesRow["dedupe"], string> = {
  none: "never",
  open: "while the first is open",
  forever: "for ever",
};

/** What its exchange does about an order that is sent twice, or whose answer is lost. */
function Guarantees({ of }: { of: CapabilitiesRow }) {
  return (
    <section className="blk" aria-labelledby="h-cap">
      <div className="section-head">
        <h2 id="h-cap">What its exchange guarantees</h2>
      </div>
      <dl className="facts">
        <div>
          <dt>Orders are found by their own id</dt>
          <dd>
            {LOOKUP[of.lookup]}
            {of.lookup === "recent" && of.lookup_seconds !== null && `, ${format.span(of.lookup_seconds * 1_000)}`}
          </dd>
        </div>
        <div>
          <dt>The same order twice is refused</dt>
          <dd>{DEDUPE[of.dedupe]}</dd>
        </div>
        <div>
          <dt>Stops rest at the exchange</dt>
          <dd>{of.native_stops ? "yes" : "no: the node watches them"}</dd>
        </div>
        <div>
          <dt>Late requests are thrown away</dt>
          <dd>{of.request_expiry ? "yes" : "no"}</dd>
        </div>
      </dl>
    </section>
  );
}
