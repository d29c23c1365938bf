import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { accountsQuery, nodeQuery } from "@/features/frame/queries";
import { Shape } from "@/parts/Icon";
import { Empty, Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { automationsQuery, type Filter, typesQuery } from "./queries";
import { Rows } from "./Rows";
import { typeName } from "./words";

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

export function AutomationsPage({ filter }: { filter: Filter }) {
  const { data: node } = useQuery(nodeQuery);
  const list = useInfiniteQuery(automationsQuery(filter));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.automations) ?? [], [list.data]);
  const counts = node?.automations ?? {};
  const filtered = Object.values(filter).some(Boolean);
  return (
    <div className="page lp">
      <div className="page-head">
        <h1>Automations</h1>
        <div className="actions">
          <Link className="btn primary" to="/new">
            New automation
          </Link>
        </div>
      </div>
      <Views counts={counts} filter={filter} />
      <Filters filter={filter} />
      {list.error && rows.length === 0 ? (
        <Failure error={list.error} onRetry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading what="automations" rows={12} />
      ) : rows.length === 0 ? (
        <Nothing filtered={filtered} />
      ) : (
        <Rows rows={rows} more={list.hasNextPage} onEnd={() => !list.isFetching && void list.fetchNextPage()} />
      )}
      <p className="pos small muted">
        <span>
          {format.count(rows.length)}{" "}
          {list.hasNextPage ? "read so far, more below" : rows.length === 1 ? "automation" : "automations"}
        </span>
      </p>
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
        <Link className="btn" to="/">
          Overview
        </Link>
      }
    >
      The overview offers one with play money.
    </Empty>
  );
}

/** The same page with another status is another view. */
const ONE_VIEW = { exact: true, includeSearch: true };

function Views({ counts, filter }: { counts: Record<string, number>; filter: Filter }) {
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  return (
    <nav className="tabs" aria-label="By status">
      <Link to="/automations" search={(was) => ({ ...was, status: undefined })} activeOptions={ONE_VIEW}>
        All<span className="n">{format.count(all)}</span>
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

function Filters({ filter }: { filter: Filter }) {
  const { data: types = [] } = useQuery(typesQuery);
  const { data: accounts = [] } = useQuery(accountsQuery);
  const navigate = useNavigate({ from: "/automations/" });
  const set = (name: keyof Filter) => (event: { target: { value: string } }) =>
    void navigate({ search: (was) => ({ ...was, [name]: event.target.value || undefined }), replace: true });
  return (
    <search className="filters" aria-label="Filter">
      <div className="input">
        <select aria-label="Type" value={filter.type ?? ""} onChange={set("type")}>
          <option value="">Every type</option>
          {types.map((each) => (
            <option key={each.type} value={each.type}>
              {typeName(each.type)}
            </option>
          ))}
        </select>
      </div>
      <div className="input">
        <select aria-label="Account" value={filter.account ?? ""} onChange={set("account")}>
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
