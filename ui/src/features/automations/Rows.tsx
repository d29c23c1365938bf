import { useQueries } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { Moment, Result } from "@/parts/Figures";
import { NARROW, PHONE, useMedia } from "@/parts/useMedia";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { counted, isMarked, type Marks, NONE, toggled } from "./Marked";
import { type Filter, type Order, PAGE, rowsQuery, sparklinesQuery } from "./queries";
import { useTypeNames } from "./useTypeNames";
import { type Column, columnsOf, figure, StatusOf } from "./views/columns";

const ROW = 34;
const PHONE_ROW = 64;
/** Courses are read for as many rows at once. */
const BLOCK = 50;

/**
 * As many rows as there are, of which those that are seen are on the page and those around them were read: one jumps
 * to row 80,000 without reading what is before it.
 */
export function Rows({
  filter,
  order,
  chosen,
  total,
  anchors,
  marks,
  onMark,
}: {
  filter: Filter;
  order: Order;
  chosen: string | undefined;
  total: number;
  anchors: readonly string[];
  marks: Marks;
  /** Absent for who may only look. */
  onMark: ((marks: Marks) => void) | undefined;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const typeName = useTypeNames();
  const navigate = useNavigate();
  const phone = useMedia(PHONE);
  const narrow = useMedia(NARROW);
  const [active, setActive] = useState<number | null>(null);
  const columns = useMemo(() => columnsOf(chosen, narrow), [chosen, narrow]);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => (phone ? PHONE_ROW : ROW),
    overscan: 12,
  });
  const shown = virtual.getVirtualItems();
  const [first, last] = pagesAround(shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0, total);
  const pages = Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  const read = useQueries({
    queries: pages.map((page) => rowsQuery(filter, order, page === 0 ? null : (anchors[page - 1] ?? null))),
  });
  const rowAt = (index: number) => read[Math.floor(index / PAGE) - first]?.data?.[index % PAGE];
  const courses = useCourses(
    columns.some(({ key }) => key === "course") && !phone,
    Math.floor((shown[0]?.index ?? 0) / BLOCK),
    Math.floor((shown.at(-1)?.index ?? 0) / BLOCK),
    rowAt,
  );
  const rows = shown.flatMap((item) => rowAt(item.index) ?? []);
  const oldest = rows.map((row) => row.as_of).sort()[0];
  const mark = (id: string) =>
    onMark?.(
      toggled(
        marks,
        id,
        rows.map((row) => row.id),
      ),
    );

  function onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    const at = active ?? (virtual.range?.startIndex ?? 0) - 1;
    const row = active === null ? undefined : rowAt(active);
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const next = Math.min(total - 1, Math.max(0, at + step));
      setActive(next);
      virtual.scrollToIndex(next);
    } else if (event.key === " " && row && onMark) mark(row.id);
    else if (event.key === "Enter" && row && event.target === event.currentTarget) {
      void navigate({ to: "/automations/$automation", params: { automation: row.id } });
    } else return;
    event.preventDefault();
  }
  const tracks = [...(onMark ? ["18px"] : []), ...columns.map(({ width }) => width)].join(" ");
  return (
    <>
      <div className="vlist" role="table" aria-label="Automations" aria-rowcount={total + 1}>
        <div className="vscroll" style={phone ? {} : { minWidth: widthOf(columns) }}>
          <div className="vhead" role="row" aria-rowindex={1} style={phone ? {} : { gridTemplateColumns: tracks }}>
            {onMark && (
              <span role="columnheader">
                <input
                  className="check"
                  type="checkbox"
                  aria-label={`Mark all ${format.count(total)}`}
                  checked={marks.all}
                  ref={(box) => {
                    if (box) box.indeterminate = !marks.all && counted(marks, total) > 0;
                  }}
                  onChange={() => onMark(marks.all ? NONE : { all: true })}
                />
              </span>
            )}
            {columns.map((column) => (
              <Head key={column.key} column={column} order={order} />
            ))}
          </div>
          <div className="vbody" ref={scroller} role="rowgroup" tabIndex={0} onKeyDown={onKey}>
            <div className="vfill" style={{ height: virtual.getTotalSize() }}>
              {shown.map((item) => {
                const row = rowAt(item.index);
                const marked = row !== undefined && isMarked(marks, row.id);
                return (
                  <div
                    key={item.key}
                    className={`vrow ${item.index === active ? "at" : ""} ${phone ? "two" : ""}`}
                    role="row"
                    aria-rowindex={item.index + 2}
                    aria-selected={onMark ? marked : undefined}
                    style={{
                      height: item.size,
                      transform: `translateY(${item.start}px)`,
                      ...(phone ? {} : { gridTemplateColumns: tracks }),
                    }}
                  >
                    {onMark && (
                      <span role="cell" className="mark">
                        <input
                          className="check"
                          type="checkbox"
                          aria-label={row ? `Mark ${row.name}` : "Mark"}
                          disabled={!row}
                          checked={marked}
                          onChange={() => row && mark(row.id)}
                        />
                      </span>
                    )}
                    {!row ? (
                      <span role="cell" className="wait tnum faint">
                        {format.count(item.index + 1)}
                      </span>
                    ) : phone ? (
                      <TwoLines row={row} now={now} />
                    ) : (
                      columns.map((column) => (
                        <span key={column.key} role="cell" className={column.number ? "num cut" : "cut"}>
                          {column.cell(row, { now, typeName, course: courses.get(row.id) })}
                        </span>
                      ))
                    )}
                  </div>
                );
              })}
            </div>
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
            Figures of <Moment at={oldest} now={now} /> {format.zoneName()}; PnL by average cost, net of fees
          </span>
        )}
      </div>
    </>
  );
}

/** How far ahead a page is read before one of its rows is seen. */
const AHEAD = 150;

/** The pages that these rows are on, and one more where they come near its edge. */
export function pagesAround(firstRow: number, lastRow: number, total: number): [number, number] {
  const most = Math.max(0, Math.ceil(total / PAGE) - 1);
  const page = (row: number) => Math.min(most, Math.max(0, Math.floor(row / PAGE)));
  return [page(firstRow - AHEAD), page(lastRow + AHEAD)];
}

/** Small courses of the blocks of rows that are seen; a row that scrolls by is not asked for alone. */
function useCourses(
  wanted: boolean,
  first: number,
  last: number,
  rowAt: (index: number) => AutomationRow | undefined,
): ReadonlyMap<string, ReadonlyArray<string | null>> {
  const blocks = wanted ? Array.from({ length: last - first + 1 }, (_, offset) => first + offset) : [];
  const read = useQueries({
    queries: blocks.map((block) => {
      const rows = Array.from({ length: BLOCK }, (_, offset) => rowAt(block * BLOCK + offset));
      return sparklinesQuery(rows.flatMap((row) => (row?.asset ? [row.id] : [])));
    }),
  });
  return new Map(read.flatMap(({ data }) => [...(data ?? [])]));
}

/** Below that much room it is pushed sideways, rather than that columns run into each other. */
function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)?.[0] ?? 0) + 12, 66);
}

function TwoLines({ row, now }: { row: AutomationRow; now: Date }) {
  return (
    <>
      <span role="cell" className="cut">
        <Link className="plain" to="/automations/$automation" params={{ automation: row.id }}>
          {row.name}
        </Link>
        <br />
        <span className="small">
          <StatusOf row={row} now={now} />
        </span>
      </span>
      <span role="cell" className="num">
        {figure(row, row.today, (value) => (
          <Result value={value} asset={row.asset} />
        ))}
        <br />
        <span className="small faint">{row.asset && `${row.asset} today`}</span>
      </span>
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
