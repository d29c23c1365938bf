import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import type { Sort } from "@/features/automations/queries";
import { Sparkline } from "@/features/automations/Sparkline";
import { Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { AutomationStatusMark } from "@/parts/Status";
import * as format from "@/text/format";

export interface Shown {
  now: Date;
  typeName: (type: string) => string;
  course: ReadonlyArray<string | null> | undefined;
}

export interface Column {
  key: string;
  title: string;
  /** A track of the grid. */
  width: string;
  sort?: Sort;
  number?: boolean;
  cell: (row: AutomationRow, shown: Shown) => ReactNode;
}

/** All there are, in their order. */
export const COLUMNS: readonly Column[] = [
  { key: "name", title: "Name", sort: "name", width: "minmax(130px, 1.4fr)", cell: (row) => <Name row={row} /> },
  {
    key: "status",
    title: "Status and since",
    sort: "since",
    width: "minmax(140px, 1.5fr)",
    cell: (row, { now }) => <StatusOf row={row} now={now} />,
  },
  {
    key: "type",
    title: "Type",
    sort: "type",
    width: "minmax(100px, .9fr)",
    cell: (row, { typeName }) => typeName(row.type),
  },
  { key: "symbol", title: "Symbol", sort: "symbol", width: "minmax(76px, .8fr)", cell: symbols },
  {
    key: "account",
    title: "Account",
    sort: "account",
    width: "minmax(60px, .8fr)",
    cell: (row) => <span className="muted">{row.account}</span>,
  },
  {
    key: "tags",
    title: "Tags",
    width: "minmax(80px, .8fr)",
    cell: (row) => <span className="muted">{row.tags.join(", ")}</span>,
  },
  {
    key: "start",
    title: "Given",
    sort: "start",
    number: true,
    width: "110px",
    cell: (row) => figure(row, row.start_equity, (value) => <Money value={value} asset={row.asset} unit={false} />),
  },
  {
    key: "equity",
    title: "Value",
    sort: "equity",
    number: true,
    width: "112px",
    cell: (row) => figure(row, row.equity, (value) => <Money value={value} asset={row.asset} />),
  },
  {
    key: "today",
    title: "Today",
    sort: "today",
    number: true,
    width: "80px",
    cell: (row) => figure(row, row.today, (value) => <Result value={value} asset={row.asset} />),
  },
  {
    key: "realised",
    title: "Realised",
    sort: "realised",
    number: true,
    width: "92px",
    cell: (row) => figure(row, row.realised, (value) => <Result value={value} asset={row.asset} />),
  },
  {
    key: "unrealised",
    title: "On what it holds",
    sort: "unrealised",
    number: true,
    width: "104px",
    cell: (row) => figure(row, row.unrealised, (value) => <Result value={value} asset={row.asset} />),
  },
  {
    key: "pnl",
    title: "Total",
    sort: "pnl",
    number: true,
    width: "80px",
    cell: (row) => figure(row, row.pnl, (value) => <Result value={value} asset={row.asset} />),
  },
  {
    key: "pnl_ratio",
    title: "Total, %",
    sort: "pnl_ratio",
    number: true,
    width: "84px",
    cell: (row) => figure(row, row.pnl_ratio, (value) => <Ratio value={value} />),
  },
  {
    key: "course",
    title: "7 days",
    width: "72px",
    cell: (_row, { course }) => <Sparkline values={course} />,
  },
  {
    key: "orders",
    title: "Orders",
    number: true,
    width: "48px",
    cell: (row) => (row.open_orders ? format.count(row.open_orders) : <span className="faint">–</span>),
  },
  {
    key: "next",
    title: "Next",
    sort: "next_run",
    number: true,
    width: "78px",
    cell: (row, { now }) => <span className="muted">{next(row, now)}</span>,
  },
  {
    key: "last",
    title: "Last decided",
    sort: "last_run",
    number: true,
    width: "92px",
    cell: (row, { now }) => (
      <span className="muted">{row.last_run ? <Moment at={row.last_run} now={now} /> : "–"}</span>
    ),
  },
  {
    key: "created",
    title: "Created",
    sort: "created",
    number: true,
    width: "92px",
    cell: (row, { now }) => (
      <span className="muted">
        <Moment at={row.created_at} now={now} />
      </span>
    ),
  },
];

const USUAL = ["name", "status", "type", "symbol", "account", "equity", "today", "pnl", "course", "orders", "next"];
const NARROW = ["name", "status", "symbol", "equity", "today", "pnl"];

/** Those that were chosen, or those that fit; a name is always among them. */
export function columnsOf(chosen: string | undefined, narrow: boolean): Column[] {
  const keys = new Set(chosen ? chosen.split(",") : narrow ? NARROW : USUAL);
  const found = COLUMNS.filter(({ key }) => key === "name" || keys.has(key));
  return found.length > 1 ? found : COLUMNS.filter(({ key }) => USUAL.includes(key));
}

/** How the address names a choice; nothing for what is usual. */
export function written(keys: ReadonlySet<string>): string | undefined {
  const found = COLUMNS.filter(({ key }) => keys.has(key)).map(({ key }) => key);
  return found.join(",") === USUAL.join(",") ? undefined : found.join(",");
}

function Name({ row }: { row: AutomationRow }) {
  return (
    <Link className="plain" to="/automations/$automation" params={{ automation: row.id }}>
      {row.name}
    </Link>
  );
}

export function StatusOf({ row, now }: { row: AutomationRow; now: Date }) {
  const why = row.reason && row.status !== "active" ? row.reason : "";
  return (
    <>
      {row.unknown_orders > 0 ? (
        <span className="status unk">
          <Shape mark="unknown" />
          {format.count(row.unknown_orders)} {row.unknown_orders === 1 ? "order" : "orders"} unknown
        </span>
      ) : (
        <AutomationStatusMark status={row.status} />
      )}{" "}
      <span className="small muted" title={why}>
        {row.status_since && <Moment at={row.status_since} now={now} />}
        {why && `, ${why}`}
      </span>
    </>
  );
}

function symbols(row: AutomationRow): ReactNode {
  return row.symbols.length > 1 ? `${row.symbols[0]} and ${row.symbols.length - 1} more` : row.symbols[0];
}

function next(row: AutomationRow, now: Date): ReactNode {
  if (row.status !== "active") return "–";
  return row.next_run ? <Moment at={row.next_run} now={now} /> : "on a fill or a price";
}

function Ratio({ value }: { value: string }) {
  const text = format.ratio(value);
  return <span className={format.gainOrLoss(text)}>{text}</span>;
}

/** What has no money has no figure; what has some and no price is not known. */
export function figure(row: AutomationRow, value: string | null, draw: (value: string) => ReactNode): ReactNode {
  if (!row.asset) return <span className="faint">–</span>;
  return value === null ? <NotKnown /> : draw(value);
}
