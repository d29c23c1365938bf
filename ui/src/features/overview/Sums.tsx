import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TotalPoint, Totals } from "@/api/client/types.gen";
import { type Curve, Curves, type Dress, type Pane } from "@/parts/charts/Curves";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Segments } from "@/parts/forms/Segments";
import { Failure, Loading } from "@/parts/States";
import { add, toDraw } from "@/text/decimal";
import * as format from "@/text/format";
import { counts } from "./counts";
import { totalCourseQuery, totalsQuery } from "./queries";

/** What they are worth together, and how it came to that. */
export function Sums({ paper, now }: { paper: boolean | undefined; now: Date }) {
  const { data: totals, error, refetch } = useQuery(totalsQuery(paper));
  if (!totals)
    return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="sums" rows={2} />;
  const rows = totals.rows.filter(counts);
  return (
    <section className="sums" aria-labelledby="h-value">
      <div>
        <h2 id="h-value" className="label muted">
          Value of {format.count(totals.automations)} {totals.automations === 1 ? "automation" : "automations"}{" "}
          <span className="faint">
            at <Moment at={totals.as_of} now={now} /> {format.zoneName()}
          </span>
        </h2>
        {rows.map((row) => (
          <Sum key={row.asset} row={row} />
        ))}
        <p className="tiny faint">Realised by average cost, net of fees; the rest marked at the last price.</p>
      </div>
      {rows[0] && <Course paper={paper} asset={rows[0].asset} />}
    </section>
  );
}

const LENGTHS = [
  { value: "7", label: "7 d" },
  { value: "all", label: "All" },
] as const;
type Length = (typeof LENGTHS)[number]["value"];

/** Their value over time beside what they had been given: a deposit is no gain. */
function Course({ paper, asset }: { paper: boolean | undefined; asset: string }) {
  const [length, setLength] = useState<Length>("all");
  const { data: courses, error, refetch } = useQuery(totalCourseQuery(paper, length === "all" ? null : Number(length)));
  const course = courses?.find((each) => each.asset === asset);
  const times = useMemo(() => course?.points.map((point) => Date.parse(point.at)) ?? [], [course]);
  const panes = useMemo(() => panesOf(course?.points ?? [], asset), [course, asset]);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <div className={courses && times.length < 2 ? "" : "course-box"}>
      {times.length > 1 && (
        <>
          <p className="bar">
            <Segments label="How far back" value={length} choices={LENGTHS} onChange={setLength} />
          </p>
          <Curves label={`Value in ${asset} over time, beside what was given`} times={times} panes={panes} />
        </>
      )}
    </div>
  );
}

function panesOf(points: TotalPoint[], asset: string): Pane[] {
  const curve = (label: string, dress: Dress, of: (point: TotalPoint) => string): Curve => ({
    label,
    short: "",
    dress,
    values: points.map((point) => toDraw(of(point))),
    said: (index) => (points[index] ? format.money(of(points[index]), asset) : ""),
  });
  const curves = [
    curve(`Value, ${asset}`, "a", (point) => point.equity),
    curve("they were given", "holding", (point) => point.start),
  ];
  return [{ title: "", curves, height: 140, write: format.axisNumber, shade: true }];
}

/** What has no price is not in a sum, and said beside it. */
function Sum({ row }: { row: Totals["rows"][number] }) {
  const unpriced = row.unpriced.length > 0;
  return (
    <>
      <p className="big">
        <Money value={row.equity} asset={row.asset} />
      </p>
      <dl className="facts">
        <div>
          <dt>Today, since 00:00</dt>
          <dd>{row.today_unknown > 0 ? <NotKnown /> : <Result value={row.today} asset={row.asset} />}</dd>
        </div>
        <div>
          <dt>Total</dt>
          <dd>
            <Result value={add(row.realised, row.unrealised)} asset={row.asset} />{" "}
            {!unpriced && <Change now={row.equity} before={row.start_equity} />}
          </dd>
        </div>
        <div>
          <dt>Realised, and on what they hold</dt>
          <dd>
            <Result value={row.realised} asset={row.asset} />, <Result value={row.unrealised} asset={row.asset} />
          </dd>
        </div>
        {unpriced && (
          <div className="unk">
            <dt className="unk">Not in it, for want of a price</dt>
            <dd>{row.unpriced.map((each) => each.symbol).join(", ")}</dd>
          </div>
        )}
      </dl>
    </>
  );
}
