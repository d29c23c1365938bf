import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { AutomationCurve, AutomationReport, ReplayDetail, RunReport } from "@/api/client/types.gen";
import { curvesQuery, reportQuery } from "@/features/replays/queries";
import { Ratio } from "@/features/replays/ReplaysPage";
import { replayedOf } from "@/features/replays/start/draft";
import { type Curve, Curves } from "@/parts/charts/Curves";
import { Failure, Loading } from "@/parts/States";
import { toDraw } from "@/text/decimal";
import * as format from "@/text/format";
import { type Kind, known, type Row, rows, type Told, write } from "./figures";

/** What a replay came to: its figures with what they mean, its curve beside holding, and what all of it rests on. */
export default function Report({ replay, automation }: { replay: ReplayDetail; automation: string }) {
  const { data: report, error, refetch } = useQuery(reportQuery(replay.id));
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!report) return <Loading what="the report" rows={10} />;
  const own = report.automations.find((each) => each.name === automation);
  if (!own) return <p className="muted none">Its report has no automation of that name.</p>;
  return (
    <div className="rep">
      <div>
        <Course replay={replay} report={own} />
        <Findings report={own} />
        <Months report={own} />
      </div>
      <div>
        <Figures report={own} />
        <Assumptions replay={replay} report={report} automation={own} />
      </div>
    </div>
  );
}

function Course({ replay, report }: { replay: ReplayDetail; report: AutomationReport }) {
  const { data: curves, error, refetch } = useQuery(curvesQuery(replay.id, report.name));
  const curve = curves?.find((each) => each.asset === report.asset) ?? curves?.[0];
  return (
    <section className="blk" aria-labelledby="h-course">
      <div className="section-head">
        <h2 id="h-course">Value beside buying and holding</h2>
        <span className="end">At each close, {report.asset}</span>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : curve ? (
        <Drawn curve={curve} name={report.name} />
      ) : (
        <Loading what="the curves" rows={8} />
      )}
      {report.holding && !report.holding.performance && report.holding.reason && (
        <p className="muted small">Of holding there is no curve: {report.holding.reason}.</p>
      )}
    </section>
  );
}

function Drawn({ curve, name }: { curve: AutomationCurve; name: string }) {
  const { asset } = curve;
  const panes = useMemo(() => {
    const value = (texts: readonly string[], label: string, dress: Curve["dress"]): Curve => ({
      label,
      short: label === name ? "Own" : label,
      dress,
      values: texts.map(toDraw),
      said: (index) => format.money(texts[index] ?? "0", asset),
    });
    const fall: Curve = {
      label: "Drawdown",
      short: "",
      dress: "a",
      values: curve.drawdown.map((each) => -100 * toDraw(each)),
      said: (index) => format.ratio(curve.drawdown[index] ?? "0", { signed: false }),
    };
    return [
      {
        title: "",
        curves: [
          value(curve.equity, name, "a"),
          ...(curve.holding ? [value(curve.holding, "Holding", "holding")] : []),
        ],
        height: 300,
        write: format.axisNumber,
        shade: true,
        base: toDraw(curve.start_equity),
      },
      {
        title: "Drawdown",
        curves: [fall],
        height: 84,
        write: format.percent,
        base: 0,
      },
    ];
  }, [curve, name, asset]);
  const [first, last] = [curve.equity[0], curve.equity.at(-1)];
  return (
    <Curves
      label={`Value of ${name} in ${asset}, from ${format.money(first ?? "0", asset)} to ${format.money(last ?? "0", asset)}, with its drawdown below`}
      times={curve.times}
      panes={panes}
    />
  );
}

function Figures({ report }: { report: AutomationReport }) {
  const [means, setMeans] = useState(false);
  const found = rows(report);
  const held = report.holding?.performance != null;
  return (
    <section className={`blk ${means ? "with-means" : ""}`} aria-labelledby="h-figures">
      <div className="section-head">
        <h2 id="h-figures">Figures</h2>
        <span className="end">
          <button className="btn small" type="button" aria-pressed={means} onClick={() => setMeans(!means)}>
            What they mean
          </button>
        </span>
      </div>
      {found.length === 0 ? (
        <p className="muted none">There was no candle, so there is nothing to measure.</p>
      ) : (
        <table className="cmp">
          <thead>
            <tr>
              <th>
                <span className="vh">Figure</span>
              </th>
              <th className="num">This</th>
              {held && <th className="num">Holding</th>}
            </tr>
          </thead>
          <tbody>
            {found.map((row) => (
              <tr key={row.figure}>
                <th scope="row" title={known(row.figure).meaning}>
                  {known(row.figure).label}
                  {row.kind === "amount" && <span className="unit">{report.asset}</span>}
                  <span className="means">{known(row.figure).meaning}</span>
                </th>
                <td className="num" colSpan={held && both(row) ? 2 : 1}>
                  <Value told={row.own} kind={row.kind} asset={report.asset} figure={row.figure} />
                </td>
                {held && !both(row) && (
                  <td className="num muted">
                    {row.held ? (
                      <Value told={row.held} kind={row.kind} asset={report.asset} figure={row.figure} quiet />
                    ) : (
                      <span className="faint">–</span>
                    )}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {Object.keys(report.fees).length > 0 && (
        <p className="small muted">
          Fees, taken off above:{" "}
          {Object.entries(report.fees)
            .map(([asset, fee]) => `${format.money(fee, asset)} ${asset}`)
            .join(", ")}
          . Gains are counted by {report.pnl_method}.
        </p>
      )}
    </section>
  );
}

/** Neither has it, and for the same reason: that is said once. */
function both({ own, held }: Row): boolean {
  return own.value === null && held !== null && held.value === null && held.reason === own.reason;
}

function Value({
  told,
  kind,
  asset,
  figure,
  quiet = false,
}: {
  told: Told;
  kind: Kind;
  asset: string;
  figure: string;
  quiet?: boolean;
}) {
  if (told.value === null) {
    return (
      <span className="small unk why-not" title={told.reason}>
        {told.reason || "not known"}
      </span>
    );
  }
  const result = known(figure).result ?? false;
  const text = write(told.value, kind, asset, result);
  return <span className={result && !quiet ? format.gainOrLoss(text) : ""}>{text}</span>;
}

/** What did not go as it should, and what its type finds in its config. */
function Findings({ report }: { report: AutomationReport }) {
  const findings = report.findings ?? [];
  const problems = report.problems ?? [];
  if (findings.length + problems.length === 0) return null;
  return (
    <section className="blk" aria-labelledby="h-find">
      <div className="section-head">
        <h2 id="h-find">What to look at</h2>
      </div>
      <ul className="plainlist">
        {findings.map((each) => (
          <li key={`${each.field} ${each.text}`} className={each.severity === "error" ? "bad" : "warn"}>
            {each.text}
          </li>
        ))}
        {problems.map((each) => (
          <li key={JSON.stringify(each)} className="bad">
            {problemText(each)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function problemText(problem: unknown): string {
  if (typeof problem !== "object" || problem === null) return String(problem);
  const { reason, text, detail, symbol } = problem as Record<string, unknown>;
  const said = [reason, text, detail].find((each) => typeof each === "string" && each !== "");
  return [typeof symbol === "string" ? symbol : "", said ?? JSON.stringify(problem)].filter(Boolean).join(": ");
}

const NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A year a row, a month a column; months that the replay has in part are marked. */
function Months({ report }: { report: AutomationReport }) {
  const months = report.performance?.months ?? [];
  const held = new Map((report.holding?.performance?.months ?? []).map((each) => [each.month, each.value]));
  if (months.length === 0) return null;
  return (
    <section className="blk" aria-labelledby="h-months">
      <div className="section-head">
        <h2 id="h-months">Month by month</h2>
        <span className="end">UTC</span>
      </div>
      {months.length <= 6 ? (
        <table className="cmp">
          <thead>
            <tr>
              <th>Month</th>
              <th className="num">This</th>
              {held.size > 0 && <th className="num">Holding</th>}
            </tr>
          </thead>
          <tbody>
            {months.map((each) => (
              <tr key={each.month}>
                <th scope="row">
                  {format.month(each.month)}
                  {!each.whole && (
                    <>
                      {" "}
                      <span className="faint">in part</span>
                    </>
                  )}
                </th>
                <td className="num">
                  <MonthValue value={each.value} />
                </td>
                {held.size > 0 && (
                  <td className="num muted">
                    <MonthValue value={held.get(each.month) ?? null} quiet />
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <Years months={months} />
      )}
    </section>
  );
}

function Years({ months }: { months: NonNullable<AutomationReport["performance"]>["months"] }) {
  const years = [...new Set(months.map((each) => each.month.slice(0, 4)))];
  const of = new Map(months.map((each) => [each.month, each]));
  return (
    <>
      <section className="scroll" aria-label="Month by month, a year a row">
        <table className="years">
          <thead>
            <tr>
              <th>Year</th>
              {NAMES.map((name) => (
                <th key={name} className="num">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {years.map((year) => (
              <tr key={year}>
                <th scope="row">{year}</th>
                {NAMES.map((name, index) => {
                  const month = of.get(`${year}-${String(index + 1).padStart(2, "0")}`);
                  return (
                    <td key={name} className={`num ${month && !month.whole ? "part-month" : ""}`}>
                      {month && <MonthValue value={month.value} />}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {months.some((each) => !each.whole) && (
        <p className="small muted">Underlined: the replay has a part of that month.</p>
      )}
    </>
  );
}

function MonthValue({ value, quiet = false }: { value: string | null; quiet?: boolean }) {
  if (value === null) return <span className="faint">–</span>;
  return quiet ? format.ratio(value, { signed: true }) : <Ratio value={value} />;
}

function Assumptions({
  replay,
  report,
  automation,
}: {
  replay: ReplayDetail;
  report: RunReport;
  automation: AutomationReport;
}) {
  const of = replayedOf(replay, automation.name);
  const { assumptions } = report;
  return (
    <section className="blk" aria-labelledby="h-rest">
      <div className="section-head">
        <h2 id="h-rest">What these figures rest on</h2>
      </div>
      <dl className="facts">
        <div>
          <dt>Candles</dt>
          <dd>
            {report.candles === null ? "–" : format.count(report.candles)}, {missing(report)}
          </dd>
        </div>
        {automation.performance && (
          <div>
            <dt>Period</dt>
            <dd>
              {format.dayAndTime(new Date(automation.performance.start))} to{" "}
              {format.dayAndTime(new Date(automation.performance.end))}
            </dd>
          </div>
        )}
        {assumptions?.markets.map((market) => (
          <div key={`${market.account} ${market.symbol}`}>
            <dt>Fees on {market.symbol}</dt>
            <dd>
              {format.ratio(market.taker_fee, { signed: false })} taking,{" "}
              {format.ratio(market.maker_fee, { signed: false })} resting
            </dd>
          </div>
        ))}
      </dl>
      {assumptions && assumptions.notes.length > 0 && (
        <ul className="plainlist small muted">
          {[...assumptions.notes, ...(report.notes ?? [])].map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {of && (
        <details className="fold of-config">
          <summary>Its config and budget</summary>
          <dl className="facts conf-fields">
            {Object.entries(of.budget).map(([asset, amount]) => (
              <div key={asset}>
                <dt>Budget</dt>
                <dd>
                  {format.money(amount, asset)} {asset}
                </dd>
              </div>
            ))}
            {Object.entries(of.config)
              .filter(([, value]) => value !== null)
              .map(([name, value]) => (
                <div key={name}>
                  <dt className="mono">{name}</dt>
                  <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
                </div>
              ))}
          </dl>
        </details>
      )}
      <p className="small muted">OctoBot Node {report.version}. What happened in the past need not happen again.</p>
    </section>
  );
}

function missing(report: RunReport): string {
  const all = report.gaps.reduce((sum, each) => sum + each.missing, 0);
  return all === 0 ? "none missing" : `${format.count(all)} missing`;
}
