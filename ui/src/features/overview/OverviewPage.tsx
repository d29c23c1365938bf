import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AutomationRow } from "@/api/client/types.gen";
import { Feed } from "@/features/activity/Feed";
import { newestActivityQuery } from "@/features/activity/queries";
import type { AutomationDetail } from "@/features/automation/queries";
import { automationQuery } from "@/features/automation/queries";
import { FEW, fewAutomationsQuery } from "@/features/automations/queries";
import { useBook } from "@/features/frame/book";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add, sum } from "@/text/decimal";
import * as format from "@/text/format";
import { Card } from "./Card";
import { FirstRun } from "./FirstRun";
import { Fleet } from "./Fleet";

export function OverviewPage() {
  const few = useQuery(fewAutomationsQuery);
  const { holds, both, shown } = useBook();
  if (!few.data) {
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
  if (few.data.length === 0) return <FirstRun />;
  const rows = few.data.filter((row) => holds(row.account));
  if (few.data.length > FEW) return <Fleet />;
  if (rows.length === 0 && both) {
    return (
      <div className="page">
        <h1 className="vh">Overview</h1>
        <p className="muted">
          No automation trades with {shown === "paper" ? "play money" : "live money"}. The switch above shows the
          others.
        </p>
      </div>
    );
  }
  return <Few rows={rows} />;
}

/** With a few, they are the page. */
function Few({ rows }: { rows: AutomationRow[] }) {
  const loaded = useQueries({ queries: rows.map((row) => automationQuery(row.id)) });
  const details = loaded.flatMap((query) => (query.data ? [query.data.detail] : []));
  const now = useNow();
  return (
    <div className="page">
      <h1 className="vh">Overview</h1>
      <Sums details={details} all={rows.length} now={now} />
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

interface Total {
  asset: string;
  worth: string | null;
  given: string;
  realised: string;
  held: string | null;
}

/** Sums by the asset that they are counted in; assets are never added to each other. */
export function totalsOf(details: readonly AutomationDetail[]): Total[] {
  const assets = [...new Set(details.map((each) => each.report.asset).filter(Boolean))].sort();
  return assets.map((asset) => {
    const of = details.map((each) => each.report).filter((report) => report.asset === asset);
    const unknown = of.some((report) => report.final_equity === null || report.unrealised_pnl === null);
    return {
      asset,
      worth: unknown ? null : sum(of.map((report) => report.final_equity ?? "0")),
      given: sum(of.map((report) => report.start_equity)),
      realised: sum(of.map((report) => report.realised_pnl)),
      held: unknown ? null : sum(of.map((report) => report.unrealised_pnl ?? "0")),
    };
  });
}

function Sums({ details, all, now }: { details: AutomationDetail[]; all: number; now: Date }) {
  const totals = totalsOf(details);
  const oldest = details.map((each) => each.report.as_of).sort()[0];
  if (details.length < all) return <Loading what="sums" rows={2} />;
  return (
    <section className="sums" aria-labelledby="h-value">
      <h2 id="h-value" className="label muted">
        Value of {format.count(all)} {all === 1 ? "automation" : "automations"}{" "}
        {oldest && (
          <span className="faint">
            at <Moment at={oldest} now={now} /> UTC
          </span>
        )}
      </h2>
      {totals.map((total) => (
        <div className="sumline" key={total.asset}>
          <p className="big">
            {total.worth === null ? <NotKnown /> : <Money value={total.worth} asset={total.asset} />}
          </p>
          <dl>
            <div>
              <dt>Total result</dt>
              <dd>
                {total.held === null || total.worth === null ? (
                  <NotKnown />
                ) : (
                  <>
                    <Result value={add(total.realised, total.held)} asset={total.asset} />{" "}
                    <Change now={total.worth} before={total.given} />
                  </>
                )}
              </dd>
            </div>
            <div>
              <dt>Realised</dt>
              <dd>
                <Result value={total.realised} asset={total.asset} />
              </dd>
            </div>
            <div>
              <dt>On what they hold</dt>
              <dd>{total.held === null ? <NotKnown /> : <Result value={total.held} asset={total.asset} />}</dd>
            </div>
            <div>
              <dt>They were given</dt>
              <dd>
                <Money value={total.given} asset={total.asset} unit={false} />
              </dd>
            </div>
          </dl>
        </div>
      ))}
      <p className="tiny faint">Realised by average cost, net of fees; the rest marked at the last price.</p>
    </section>
  );
}
