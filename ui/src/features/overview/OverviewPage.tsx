import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense, useMemo, useState } from "react";
import type { AutomationRow, TotalPoint, Totals } from "@/api/client/types.gen";
import { Feed } from "@/features/activity/Feed";
import { newestActivityQuery } from "@/features/activity/queries";
import { automationQuery } from "@/features/automation/queries";
import { FEW, fewAutomationsQuery } from "@/features/automations/queries";
import { useBook } from "@/features/frame/book";
import { OverviewPanels } from "@/features/panels/Panels";
import { type Curve, Curves, type Dress, type Pane } from "@/parts/Curves";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { Segments } from "@/parts/Segments";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add, sign, toDraw } from "@/text/decimal";
import * as format from "@/text/format";
import { Card } from "./Card";
import { Needs } from "./Needs";
import { attentionQuery, totalCourseQuery, totalsQuery } from "./queries";

const FirstRun = lazyPart(() => import("./FirstRun"));
const Fleet = lazyPart(() => import("./Fleet"));

export function OverviewPage() {
  const { both, shown } = useBook();
  const paper = both ? shown === "paper" : undefined;
  const few = useQuery(fewAutomationsQuery(paper));
  // All at once, and what is above the others waited for: nothing moves under somebody's hand as it comes.
  const totals = useQuery(totalsQuery(paper));
  const needs = useQuery(attentionQuery);
  const waits = (few.data?.total ?? 0) <= FEW && (totals.isPending || needs.isPending);
  if (!few.data || waits) {
    return (
      <div className="page">
        <h1 className="vh">Overview</h1>
        {few.error ? (
          <Failure error={few.error} onRetry={() => void few.refetch()} />
        ) : (
          <Loading what="the overview" rows={10} />
        )}
      </div>
    );
  }
  if (few.data.total > FEW || (few.data.total === 0 && !both)) {
    return <Suspense fallback={null}>{few.data.total ? <Fleet paper={paper} /> : <FirstRun />}</Suspense>;
  }
  if (few.data.total === 0) return <NoneOfThese paper={shown === "paper"} />;
  return <Few rows={few.data.automations} paper={paper} />;
}

function NoneOfThese({ paper }: { paper: boolean }) {
  return (
    <div className="page">
      <h1 className="vh">Overview</h1>
      <p className="muted">
        No automation trades with {paper ? "play money" : "live money"}. The switch above shows the others.
      </p>
    </div>
  );
}

/** With a few, they are the page. */
function Few({ rows, paper }: { rows: AutomationRow[]; paper: boolean | undefined }) {
  const loaded = useQueries({ queries: rows.map((row) => automationQuery(row.id)) });
  const details = loaded.flatMap((query) => (query.data ? [query.data.detail] : []));
  const now = useNow();
  return (
    <div className="page">
      <h1 className="vh">Overview</h1>
      <Sums paper={paper} now={now} />
      <Needs now={now} quiet />
      <div className="cols">
        <section aria-labelledby="h-autos">
          <div className="section-head">
            <h2 id="h-autos">Automations</h2>
            <span className="end legend">
              <span>
                <Shape mark="buy" />
                bought
              </span>
              <span>
                <Shape mark="sell" />
                sold
              </span>
              <span className="desk-only">Lines: resting orders</span>
            </span>
          </div>
          {rows.map((row) => (
            <Card key={row.id} row={row} detail={details.find((each) => each.id === row.id) ?? null} now={now} />
          ))}
          <OverviewPanels />
        </section>
        <Activity now={now} />
      </div>
    </div>
  );
}

export function Activity({ now }: { now: Date }) {
  const { data, error, refetch } = useQuery(newestActivityQuery);
  return (
    <section aria-labelledby="h-act">
      <div className="section-head">
        <h2 id="h-act">Activity</h2>
        <Link className="end link" to="/activity">
          All
        </Link>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : data ? (
        data.length === 0 ? (
          <p className="muted small none">Nothing happened yet.</p>
        ) : (
          <Feed events={data} now={now} />
        )
      ) : (
        <Loading what="activity" />
      )}
    </section>
  );
}

function Sums({ paper, now }: { paper: boolean | undefined; now: Date }) {
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

/** Of an asset that somebody deals in; a basket's coins are in what it is counted in. */
export function counts(row: Totals["rows"][number]): boolean {
  const nothing = [row.equity, row.start_equity, row.realised, row.unrealised].every((each) => sign(each) === 0);
  return row.asset !== "" && !(nothing && row.unpriced.length === 0);
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
