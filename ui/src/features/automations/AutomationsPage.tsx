import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { useBook } from "@/features/frame/book";
import { accountsQuery } from "@/features/frame/queries";
import { totalsQuery } from "@/features/overview/queries";
import { sessionQuery } from "@/features/session/queries";
import { Icon, Shape } from "@/parts/Icon";
import { Empty, Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { anchorsQuery, type Filter, type Order, typesQuery } from "./queries";
import { Rows } from "./Rows";

const STATUSES: ReadonlyArray<AutomationRow["status"]> = [
  "failed",
  "held",
  "waiting",
  "active",
  "completing",
  "stopping",
  "paused",
  "stopped",
  "completed",
];

export interface Search extends Order {
  status?: AutomationRow["status"];
  type?: string;
  account?: string;
  search?: string;
}

export function AutomationsPage({ search }: { search: Search }) {
  const { both, shown } = useBook();
  const { sort, descending, ...narrowed } = search;
  const filter: Filter = { ...narrowed, ...(both ? { paper: shown === "paper" } : {}) };
  const order: Order = { ...(sort ? { sort } : {}), ...(descending ? { descending } : {}) };
  const found = useQuery(anchorsQuery(filter, order));
  return (
    <div className="page lp">
      <div className="page-head">
        <h1>Automations</h1>
        <NewButton />
      </div>
      <Views filter={filter} />
      <Filters search={search} />
      {found.error && !found.data ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what="automations" rows={12} />
      ) : found.data.total === 0 ? (
        <Nothing filtered={Object.values(narrowed).some(Boolean)} />
      ) : (
        <Rows filter={filter} order={order} total={found.data.total} anchors={found.data.anchors} />
      )}
    </div>
  );
}

function NewButton() {
  const { data: session } = useQuery(sessionQuery);
  if (!session?.scopes.includes("automations:write")) return null;
  return (
    <div className="actions">
      <Link className="btn primary" to="/new">
        New automation
      </Link>
    </div>
  );
}

function Nothing({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty
      title="None is like that"
      action={
        <Link className="btn" to="/automations" search={{}}>
          Show all
        </Link>
      }
    >
      No automation fits every filter.
    </Empty>
  ) : (
    <Empty
      title="There is no automation yet"
      action={
        <Link className="btn" to="/new">
          Choose a type
        </Link>
      }
    >
      One is made in a minute, with play money if you like.
    </Empty>
  );
}

/** The same page with another status is another view. */
const ONE_VIEW = { exact: true, includeSearch: true };

function Views({ filter }: { filter: Filter }) {
  const { data: totals } = useQuery(totalsQuery(filter.paper));
  const counts = totals?.statuses ?? {};
  return (
    <nav className="tabs" aria-label="By status">
      <Link to="/automations" search={(was) => ({ ...was, status: undefined })} activeOptions={ONE_VIEW}>
        All<span className="n">{totals ? format.count(totals.automations) : ""}</span>
      </Link>
      {STATUSES.filter((status) => (counts[status] ?? 0) > 0 || filter.status === status).map((status) => (
        <Link key={status} to="/automations" search={(was) => ({ ...was, status })} activeOptions={ONE_VIEW}>
          <span className="status">
            <Shape mark={status} />
            {status}
            <span className="n">{format.count(counts[status] ?? 0)}</span>
          </span>
        </Link>
      ))}
    </nav>
  );
}

function Filters({ search }: { search: Search }) {
  const { data: types = [] } = useQuery(typesQuery);
  const { data: accounts = [] } = useQuery(accountsQuery);
  const navigate = useNavigate({ from: "/automations/" });
  const set = (name: "type" | "account") => (event: { target: { value: string } }) =>
    void navigate({ search: (was) => ({ ...was, [name]: event.target.value || undefined }), replace: true });
  return (
    <search className="filters" aria-label="Filter">
      <Words
        value={search.search ?? ""}
        onChange={(words) =>
          void navigate({ search: (was) => ({ ...was, search: words || undefined }), replace: true })
        }
      />
      <div className="input">
        <select aria-label="Type" value={search.type ?? ""} onChange={set("type")}>
          <option value="">Every type</option>
          {types.map((each) => (
            <option key={each.type} value={each.type}>
              {each.title}
            </option>
          ))}
        </select>
      </div>
      <div className="input">
        <select aria-label="Account" value={search.account ?? ""} onChange={set("account")}>
          <option value="">Every account</option>
          {accounts.map((each) => (
            <option key={each.id} value={each.name}>
              {each.name}
            </option>
          ))}
        </select>
      </div>
    </search>
  );
}

const TYPING_MS = 200;

function Words({ value, onChange }: { value: string; onChange: (words: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="input words">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search"
        placeholder="name, symbol, type, tag"
        maxLength={128}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
