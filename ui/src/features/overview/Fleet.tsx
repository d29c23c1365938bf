import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AutomationRow, ResultsOfDay, Totals } from "@/api/client/types.gen";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { OverviewPanels } from "@/features/panels/Panels";
import { Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add } from "@/text/decimal";
import * as format from "@/text/format";
import { Activity } from "./Activity";
import { counts } from "./counts";
import { Lag } from "./Lag";
import { Needs } from "./Needs";
import { byTypeQuery, resultsQuery, totalsQuery } from "./queries";

const ORDER: ReadonlyArray<AutomationRow["status"]> = [
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

/** With many, causes come first, then sums, then the ends of the distribution. */
export default function Fleet({ paper }: { paper: boolean | undefined }) {
  const totals = useQuery(totalsQuery(paper));
  const now = useNow();
  if (!totals.data) {
    return (
      <div className="page">
        {totals.error ? (
          <Failure error={totals.error} onRetry={() => void totals.refetch()} />
        ) : (
          <Loading what="the overview" rows={8} />
        )}
      </div>
    );
  }
  return (
    <div className="page">
      <Head totals={totals.data} now={now} />
      <div className="cols wide">
        <Needs now={now} />
        <div>
          <MoneyTable rows={totals.data.rows} total={totals.data.total} />
          <ByType paper={paper} />
        </div>
      </div>
      <div className="cols wide low">
        <div>
          <Day />
          <OverviewPanels />
        </div>
        <div>
          <Lag />
          <Activity now={now} />
        </div>
      </div>
    </div>
  );
}

function Head({ totals, now }: { totals: Totals; now: Date }) {
  const counts = totals.statuses;
  const shown = ORDER.filter((status) => (counts[status] ?? 0) > 0);
  return (
    <>
      <div className="fleet-head">
        <h1>{format.count(totals.automations)} automations</h1>
        <span className="muted">{format.count((counts["failed"] ?? 0) + (counts["held"] ?? 0))} failed or held</span>
        <span className="asof small faint">
          Figures of <Moment at={totals.as_of} now={now} /> {format.zoneName()}
        </span>
      </div>
      <div className="sbar" aria-hidden="true">
        {shown.map((status) => (
          <i key={status} className={`b-${status}`} style={{ flexGrow: counts[status] ?? 0 }} />
        ))}
      </div>
      <nav className="sfil" aria-label="By status">
        {shown.map((status) => (
          <Link key={status} to="/automations" search={{ status }} className={`f-${status}`}>
            <Shape mark={status} />
            <b>{format.count(counts[status] ?? 0)}</b> {status}
          </Link>
        ))}
      </nav>
    </>
  );
}

/** What a sum in one's own currency is, with the rates it is made of; what has none is named. */
function InCurrency({ total }: { total: NonNullable<Totals["total"]> }) {
  const rates = total.rates.map(({ asset, rate }) => `${asset} ${format.price(rate)}`).join(", ");
  return (
    <tr title={rates || undefined}>
      <th scope="row" className="muted">
        in {total.currency}
      </th>
      <td className="num muted">{format.count(total.automations)}</td>
      <td className="num">
        <Money value={total.equity} asset={total.currency} unit={false} />
      </td>
      <td className="num">
        <Result value={total.today} asset={total.currency} />
      </td>
      <td className="num">
        <Result value={add(total.realised, total.unrealised)} asset={total.currency} />
      </td>
    </tr>
  );
}

/** The day by type, the one that moved most first. */
function ByType({ paper }: { paper: boolean | undefined }) {
  const { data } = useQuery(byTypeQuery(paper));
  const typeName = useTypeNames();
  const rows = (data?.rows ?? []).filter((row) => row.type !== null && row.asset !== "" && counts(row));
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="h-types" className="blk">
      <div className="section-head">
        <h2 id="h-types">Today by type</h2>
      </div>
      <dl className="facts by-type">
        {rows.map((row) => (
          <div key={`${row.type} ${row.asset}`}>
            <dt>
              <Link to="/automations" search={{ type: row.type ?? "" }}>
                {typeName(row.type ?? "")}
              </Link>{" "}
              <span className="faint">{format.count(row.automations)}</span>
            </dt>
            <dd>{row.today_unknown > 0 ? <NotKnown /> : <Result value={row.today} asset={row.asset} unit />}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function MoneyTable({ rows, total }: { rows: Totals["rows"]; total: Totals["total"] }) {
  return (
    <section aria-labelledby="h-mny">
      <div className="section-head">
        <h2 id="h-mny">Money by quote asset</h2>
      </div>
      <table>
        <thead>
          <tr>
            <th>Asset</th>
            <th className="num">Count</th>
            <th className="num">Value</th>
            <th className="num">Today</th>
            <th className="num">Total</th>
          </tr>
        </thead>
        <tbody>
          {rows.filter(counts).map((row) => (
            <tr key={row.asset}>
              <th scope="row">{row.asset}</th>
              <td className="num">{format.count(row.automations)}</td>
              <td className="num">
                <Money value={row.equity} asset={row.asset} unit={false} />
              </td>
              <td className="num">
                {row.today_unknown > 0 ? <NotKnown /> : <Result value={row.today} asset={row.asset} />}
              </td>
              <td className="num">
                <Result value={add(row.realised, row.unrealised)} asset={row.asset} />
              </td>
            </tr>
          ))}
          {total && rows.filter(counts).length > 1 && <InCurrency total={total} />}
        </tbody>
      </table>
      {total && total.unconverted.length > 0 && (
        <p className="small muted none">Without a rate, and in no sum: {total.unconverted.join(", ")}.</p>
      )}
      {rows.some((row) => row.unpriced.length > 0) && (
        <p className="small unk none">
          What has no price is in no sum: {rows.flatMap((row) => row.unpriced.map((each) => each.symbol)).join(", ")}.
        </p>
      )}
    </section>
  );
}

/** Today's results: how many lost and gained how much, and who most. */
function Day() {
  const { data, error, refetch } = useQuery(resultsQuery);
  return (
    <section aria-labelledby="h-day">
      <div className="section-head">
        <h2 id="h-day">Today’s results</h2>
        {data && (
          <span className="end">
            {format.count(data.lost)} lost, {format.count(data.unchanged)} unchanged, {format.count(data.gained)} gained
            {data.unknown > 0 && `, ${format.count(data.unknown)} not known`}
          </span>
        )}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : data ? (
        <>
          <Histogram results={data} />
          <Reach bins={data.bins} />
          <div className="bws">
            <Ends title="Lost most" rows={data.worst} />
            <Ends title="Gained most" rows={data.best} />
          </div>
          <p className="more-line">
            <Link className="link" to="/automations" search={{ sort: "today" }}>
              All by today’s result
            </Link>
          </p>
        </>
      ) : (
        <Loading what="today’s results" />
      )}
    </section>
  );
}

const WIDTH = 600;
const HEIGHT = 96;

function Histogram({ results }: { results: ResultsOfDay }) {
  const most = Math.max(1, ...results.bins.map((bin) => bin.count));
  const step = WIDTH / Math.max(1, results.bins.length);
  return (
    <svg
      className="chart dist"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`${results.lost} automations lost, ${results.gained} gained today`}
    >
      {results.bins.map((bin, index) => {
        const height = (bin.count / most) * (HEIGHT - 2);
        // What is unchanged is in the bin that has zero: it is neither won nor lost.
        const unchanged = results.unchanged > 0 && (bin.low ?? -1) <= 0 && (bin.high ?? 1) > 0;
        const side = unchanged ? "even" : (bin.high ?? 1) <= 0 ? "below" : (bin.low ?? -1) >= 0 ? "above" : "even";
        return (
          <rect
            key={`${bin.low} ${bin.high}`}
            className={`bin-${side}`}
            x={index * step + 0.5}
            y={HEIGHT - height}
            width={step - 1}
            height={height}
          />
        );
      })}
      <path className="ax" d={`M0 ${HEIGHT}H${WIDTH}`} />
    </svg>
  );
}

/** What the ends of the axis stand for: the outermost bins have all that lies beyond. */
function Reach({ bins }: { bins: ResultsOfDay["bins"] }) {
  const least = bins[0]?.high ?? bins[0]?.low;
  const most = bins.at(-1)?.low ?? bins.at(-1)?.high;
  if (typeof least !== "number" || typeof most !== "number") return null;
  return (
    <p className="reach tiny faint tnum">
      <span>{format.percent(least * 100, 2)} and less</span>
      <span>unchanged</span>
      <span>{format.percent(most * 100, 2)} and more</span>
    </p>
  );
}

function Ends({ title, rows }: { title: string; rows: ResultsOfDay["best"] }) {
  if (rows.length === 0) return <div />;
  return (
    <table className="bw">
      <caption className="small muted">{title}, by what each began the day with</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.automation_id}>
            <th scope="row" className="cut">
              <Link to="/automations/$automation" params={{ automation: row.automation_id }}>
                {row.automation}
              </Link>
            </th>
            <td className="num">
              <Result value={row.today} asset={row.asset} unit />
            </td>
            <td className="num muted">{format.percent(row.ratio * 100, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
