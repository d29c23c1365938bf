import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { Moment } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { AutomationStatusMark } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { nextStep, typeName } from "./words";

const ROW = 34;
const PHONE_ROW = 60;
/** So many rows before the end the next page is asked for. */
const AHEAD = 60;

/** Only the rows that are seen are on the page, whatever there are. */
export function Rows({ rows, more, onEnd }: { rows: AutomationRow[]; more: boolean; onEnd: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useNow();
  const phone = matchMedia("(max-width: 640px)").matches;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (phone ? PHONE_ROW : ROW),
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && last >= rows.length - AHEAD) onEnd();
  }, [last, more, rows.length, onEnd]);
  return (
    <div className="vlist" role="table" aria-label="Automations" aria-rowcount={more ? -1 : rows.length + 1}>
      <div className="vhead" role="row" aria-rowindex={1}>
        <span role="columnheader">Name</span>
        <span role="columnheader">Status and since</span>
        <span role="columnheader">Type</span>
        <span role="columnheader">Account</span>
        <span role="columnheader" className="num">
          Orders
        </span>
        <span role="columnheader" className="num">
          Next
        </span>
      </div>
      <div className="vbody" ref={scroller} role="rowgroup" tabIndex={0}>
        <div className="vfill" style={{ height: virtual.getTotalSize() }}>
          {shown.map((item) => {
            const row = rows[item.index];
            return (
              row && (
                <div
                  key={item.key}
                  className="vrow"
                  role="row"
                  aria-rowindex={item.index + 2}
                  style={{ height: item.size, transform: `translateY(${item.start}px)` }}
                >
                  <Row row={row} now={now} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
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
        {why && (
          <span className="small muted" title={why}>
            {why}
          </span>
        )}
      </span>
      <span role="cell" className="cut">
        {typeName(row.type)}
      </span>
      <span role="cell" className="cut muted">
        {row.account}
      </span>
      <span role="cell" className="num">
        {row.open_orders ? format.count(row.open_orders) : <span className="faint">–</span>}
      </span>
      <span role="cell" className="num cut muted" title={nextStep(row, now)}>
        {row.status === "active" ? row.next_run ? <Moment at={row.next_run} now={now} /> : "on a fill" : "–"}
      </span>
    </>
  );
}
