import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, useState } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { AutomationStatusMark } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { type Filter, type Order, PAGE, rowsQuery, type Sort } from "./queries";
import { typeName } from "./words";

const ROW = 34;
const PHONE_ROW = 60;

interface Column {
  title: string;
  sort?: Sort;
  number?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: "Name", sort: "name" },
  { title: "Status and since", sort: "since" },
  { title: "Type", sort: "type" },
  { title: "Symbol", sort: "symbol" },
  { title: "Account", sort: "account" },
  { title: "Value", sort: "equity", number: true },
  { title: "Today", sort: "today", number: true },
  { title: "Total", sort: "pnl", number: true },
  { title: "Orders", number: true },
  { title: "Next", sort: "next_run", number: true },
];

/**
 * As many rows as there are, of which those that are seen are on the page and those around them were read: one jumps
 * to row 80,000 without reading what is before it.
 */
export function Rows({
  filter,
  order,
  total,
  anchors,
}: {
  filter: Filter;
  order: Order;
  total: number;
  anchors: readonly string[];
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const phone = matchMedia("(max-width: 640px)").matches;
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => (phone ? PHONE_ROW : ROW),
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const first = Math.floor((shown[0]?.index ?? 0) / PAGE);
  const last = Math.floor((shown.at(-1)?.index ?? 0) / PAGE);
  const pages = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  const read = useQueries({
    queries: pages.map((page) => rowsQuery(filter, order, page === 0 ? null : (anchors[page - 1] ?? null))),
  });
  const rowAt = (index: number) => read[Math.floor(index / PAGE) - first]?.data?.[index % PAGE];
  const oldest = shown.flatMap((item) => rowAt(item.index)?.as_of ?? []).sort()[0];
  return (
    <>
      <div className="vlist" role="table" aria-label="Automations" aria-rowcount={total + 1}>
        <div className="vhead" role="row" aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <Head key={column.title} column={column} order={order} />
          ))}
        </div>
        <div className="vbody" ref={scroller} role="rowgroup" tabIndex={0}>
          <div className="vfill" style={{ height: virtual.getTotalSize() }}>
            {shown.map((item) => {
              const row = rowAt(item.index);
              return (
                <div
                  key={item.key}
                  className="vrow"
                  role="row"
                  aria-rowindex={item.index + 2}
                  style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                >
                  {row ? <Row row={row} now={now} /> : <span role="cell" className="wait" aria-label="Reading" />}
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <div className="pos small muted">
        <span>
          {shown.length > 0 &&
            `${format.count((virtual.range?.startIndex ?? 0) + 1)} to ${format.count((virtual.range?.endIndex ?? 0) + 1)} of `}
          {format.count(total)}
        </span>
        {total > 60 && <Jump total={total} onJump={(row) => virtual.scrollToIndex(row - 1, { align: "start" })} />}
        {oldest && (
          <span className="end desk-only">
            Figures of <Moment at={oldest} now={now} /> UTC; PnL by average cost, net of fees
          </span>
        )}
      </div>
    </>
  );
}

function Head({ column, order }: { column: Column; order: Order }) {
  const { sort } = column;
  if (!sort) {
    return (
      <span role="columnheader" className={column.number ? "num" : ""}>
        {column.title}
      </span>
    );
  }
  const by = order.sort === sort;
  // What is counted is looked at from its greatest first, then from its least.
  const next = by ? !order.descending : Boolean(column.number);
  const direction = by ? (order.descending ? "descending" : "ascending") : "none";
  return (
    <span role="columnheader" className={`sortable ${column.number ? "num" : ""}`} aria-sort={direction}>
      <Link to="/automations" search={(was) => ({ ...was, sort, descending: next || undefined })} replace>
        {column.title}
        {by && (order.descending ? " ↓" : " ↑")}
      </Link>
    </span>
  );
}

function Jump({ total, onJump }: { total: number; onJump: (row: number) => void }) {
  const [typed, setTyped] = useState("");
  return (
    <label>
      Jump to{" "}
      <input
        className="jump"
        inputMode="numeric"
        value={typed}
        onChange={(event) => {
          const digits = event.target.value.replace(/\D/g, "").slice(0, 9);
          setTyped(digits);
          if (Number(digits) > 0) onJump(Math.min(Number(digits), total));
        }}
      />
    </label>
  );
}

function Row({ row, now }: { row: AutomationRow; now: Date }) {
  const why = row.reason && row.status !== "active" ? row.reason : "";
  return (
    <>
      <span role="cell" className="cut">
        <Link className="plain" to="/automations/$automation" params={{ automation: row.id }}>
          {row.name}
        </Link>
      </span>
      <span role="cell" className="cut">
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
      </span>
      <span role="cell" className="cut">
        {typeName(row.type)}
      </span>
      <span role="cell" className="cut">
        {row.symbols.length > 1 ? `${row.symbols[0]} and ${row.symbols.length - 1} more` : row.symbols[0]}
      </span>
      <span role="cell" className="cut muted">
        {row.account}
      </span>
      <span role="cell" className="num">
        <Figure row={row} value={row.equity}>
          {(value) => <Money value={value} asset={row.asset} />}
        </Figure>
      </span>
      <span role="cell" className="num">
        <Figure row={row} value={row.today}>
          {(value) => <Result value={value} asset={row.asset} />}
        </Figure>
      </span>
      <span role="cell" className="num">
        <Figure row={row} value={row.pnl}>
          {(value) => <Result value={value} asset={row.asset} />}
        </Figure>
      </span>
      <span role="cell" className="num">
        {row.open_orders ? format.count(row.open_orders) : <span className="faint">–</span>}
      </span>
      <span role="cell" className="num cut muted">
        {row.status === "active" ? row.next_run ? <Moment at={row.next_run} now={now} /> : "on a fill" : "–"}
      </span>
    </>
  );
}

/** What has no money has no figure; what has some and no price is not known. */
function Figure({
  row,
  value,
  children,
}: {
  row: AutomationRow;
  value: string | null;
  children: (value: string) => React.ReactNode;
}) {
  if (!row.asset) return <span className="faint">–</span>;
  return value === null ? <NotKnown /> : children(value);
}
