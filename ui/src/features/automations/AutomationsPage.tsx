import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useBook } from "@/features/frame/book";
import { accountsQuery } from "@/features/frame/queries";
import { MONEY, ShowOther } from "@/features/frame/ShowOther";
import { totalsQuery } from "@/features/overview/queries";
import { sessionQuery } from "@/features/session/queries";
import { Words } from "@/parts/forms/Words";
import type { Book } from "@/parts/preferences";
import { Empty, Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { Marked, type Marks, NONE } from "./Marked";
import { anchorsQuery, typesQuery } from "./queries";
import { Rows } from "./Rows";
import { filterOf, isNarrowed, orderOf, type Search, STATUSES, statusesOf } from "./search";
import { ChooseColumns } from "./views/ChooseColumns";
import { Views } from "./views/Views";

export function AutomationsPage({ search }: { search: Search }) {
  const { both, shown } = useBook();
  const paper = both ? shown === "paper" : undefined;
  const filter = useMemo(() => filterOf(search, paper), [search, paper]);
  const order = orderOf(search);
  const found = useQuery(anchorsQuery(filter, order));
  const { data: session } = useQuery(sessionQuery);
  const may = session?.scopes.includes("automations:write") ?? false;
  const looked = JSON.stringify(filter);
  // What is marked is of what one looks at: of something else it would be a surprise.
  const [marked, setMarked] = useState<{ of: string; marks: Marks }>({ of: looked, marks: NONE });
  const marks = marked.of === looked ? marked.marks : NONE;
  const mark = (next: Marks) => setMarked({ of: looked, marks: next });
  const [chooses, setChooses] = useState(false);
  return (
    <div className="page lp">
      <div className="page-head">
        <h1>Automations</h1>
        <div className="actions">
          <button className="btn desk-only" type="button" onClick={() => setChooses(true)}>
            Columns…
          </button>
          {may && (
            <Link className="btn primary" to="/new">
              New automation
            </Link>
          )}
        </div>
      </div>
      <Views search={search} paper={paper} />
      <Filters search={search} paper={paper} />
      {found.error && !found.data ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what="automations" rows={12} />
      ) : found.data.total === 0 ? (
        <Nothing narrowed={isNarrowed(search)} may={may} elsewhere={both ? shown : null} />
      ) : (
        <>
          {may && <Marked marks={marks} total={found.data.total} filter={filter} onMark={mark} />}
          <Rows
            filter={filter}
            order={order}
            chosen={search.columns}
            total={found.data.total}
            anchors={found.data.anchors}
            marks={marks}
            onMark={may ? mark : undefined}
          />
        </>
      )}
      {chooses && <ChooseColumns chosen={search.columns} onClose={() => setChooses(false)} />}
    </div>
  );
}

/** `elsewhere` is which money is shown, where there is the other kind, too. */
function Nothing({ narrowed, may, elsewhere }: { narrowed: boolean; may: boolean; elsewhere: Book | null }) {
  if (narrowed) {
    return (
      <Empty
        title="None is like that"
        action={
          <>
            <Link className="btn" to="/automations" search={{}}>
              Show all
            </Link>
            {elsewhere && <ShowOther shown={elsewhere} />}
          </>
        }
      >
        No automation{elsewhere && ` with ${MONEY[elsewhere]}`} fits every filter.
      </Empty>
    );
  }
  if (elsewhere) {
    return (
      <Empty
        title={`None trades with ${MONEY[elsewhere]}`}
        action={
          <>
            <ShowOther shown={elsewhere} />
            {may && (
              <Link className="btn" to="/new">
                New automation
              </Link>
            )}
          </>
        }
      >
        Live money and play money are never shown on one page.
      </Empty>
    );
  }
  return may ? (
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
  ) : (
    <Empty title="There is no automation yet">You may look. A trader may create some.</Empty>
  );
}

function Filters({ search, paper }: { search: Search; paper: boolean | undefined }) {
  const { data: types = [] } = useQuery(typesQuery);
  const { data: accounts = [] } = useQuery(accountsQuery);
  const { data: totals } = useQuery(totalsQuery(paper));
  const navigate = useNavigate({ from: "/automations/" });
  const set = (name: "type" | "account" | "status") => (event: { target: { value: string } }) =>
    void navigate({ search: (was) => ({ ...was, [name]: event.target.value || undefined }), replace: true });
  const several = statusesOf(search.status ?? "").length > 1;
  const counts = totals?.statuses ?? {};
  return (
    <search className="filters" aria-label="Filter">
      <Words
        label="Search"
        placeholder="name, symbol, type, tag"
        value={search.search ?? ""}
        onChange={(words) =>
          void navigate({ search: (was) => ({ ...was, search: words || undefined }), replace: true })
        }
      />
      <div className="input">
        <select aria-label="Status" value={search.status ?? ""} onChange={set("status")}>
          <option value="">Every status</option>
          {several && <option value={search.status}>{statusesOf(search.status ?? "").join(" or ")}</option>}
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status.charAt(0).toUpperCase() + status.slice(1)}
              {counts[status] ? `, ${format.count(counts[status])}` : ""}
            </option>
          ))}
        </select>
      </div>
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
