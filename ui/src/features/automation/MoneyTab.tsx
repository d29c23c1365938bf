import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Suspense, useMemo, useState } from "react";
import type { Deposit } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Segments } from "@/parts/forms/Segments";
import { lazyPart } from "@/parts/lazyPart";
import { More } from "@/parts/More";
import { usePreference } from "@/parts/preferences";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { sign, toDraw } from "@/text/decimal";
import * as format from "@/text/format";
import { bySecond, type Point } from "./chart/drawing";
import { BudgetDialog } from "./dialogs/BudgetDialog";
import { FigureValue } from "./FigureValue";
import { isEnding } from "./lives";
import { courseQuery, postingsQuery } from "./queries";

const CourseChart = lazyPart(() => import("./chart/CourseChart"));

export default function MoneyTab({ detail, asset }: { detail: AutomationDetail; asset: string | null }) {
  // It stands above the rest, which must not move as it comes.
  const { isPending } = useQuery(courseQuery(detail.id));
  if (isPending) return <Loading what="its money" rows={10} />;
  return (
    <div className="money">
      <div>
        <Course detail={detail} />
        <Explained detail={detail} />
        <Has detail={detail} />
      </div>
      <Ledger detail={detail} asset={asset} />
    </div>
  );
}

/** What it was worth since it was created, and what holding would have been. */
function Course({ detail }: { detail: AutomationDetail }) {
  const { data: course, error, refetch } = useQuery(courseQuery(detail.id));
  const own = useMemo(() => bySecond(course?.points ?? [], (point) => point.equity), [course]);
  const held = useMemo(() => bySecond(course?.points ?? [], (point) => point.held), [course]);
  const deposits = useMemo(() => depositsAt(course?.deposits ?? [], own), [course, own]);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (own.length < 2) return null;
  return (
    <section aria-labelledby="h-course" className="blk">
      <div className="section-head">
        <h2 id="h-course">Value since it was created</h2>
        <span className="end">{course?.asset}</span>
      </div>
      <Suspense fallback={<div className="canvas course" />}>
        <CourseChart
          label={`Value of ${detail.name} in ${course?.asset}, beside holding ${course?.hold_symbol}`}
          own={own}
          other={held}
          deposits={deposits}
        />
      </Suspense>
      {held.length > 1 && (
        <p className="small muted">
          Dashed: had it bought {course?.hold_symbol} with all that it was given, when it was given, and held it.
          Shaded: the difference.
        </p>
      )}
    </section>
  );
}

/** Money that was given or taken back after it began, at the point where it shows. */
function depositsAt(deposits: readonly Deposit[], own: readonly Point[]): Array<{ time: number; text: string }> {
  const first = own[0]?.time ?? 0;
  return deposits.flatMap(({ at, amount, asset }) => {
    const time = Math.floor(Date.parse(at) / 1000);
    const shown = own.find((point) => point.time >= time);
    if (time <= first || !shown) return [];
    return [{ time: shown.time, text: `${sign(amount) > 0 ? "+" : ""}${format.money(amount, asset)} ${asset}` }];
  });
}

/** How the total comes about: what it started with, what was realised, what is held; as a sum that adds up. */
function Explained({ detail }: { detail: AutomationDetail }) {
  const { report } = detail;
  const assets = report.by_asset.length > 0 ? report.by_asset : [of(report)];
  const fees = Object.entries(report.fees).filter(([, fee]) => sign(fee) !== 0);
  return (
    <section aria-labelledby="h-pnl" className="blk">
      <div className="section-head">
        <h2 id="h-pnl">What it came to</h2>
        <span className="end">{report.pnl_method}</span>
      </div>
      {assets
        .filter((each) => each.asset)
        .map((each) => (
          <Sum key={each.asset} of={each} />
        ))}
      <Figures detail={detail} />
      {fees.length > 0 && (
        <dl className="facts">
          {fees.map(([asset, fee]) => (
            <div key={asset}>
              <dt>Fees paid, taken off above</dt>
              <dd>
                <Money value={fee} asset={asset} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p className="small muted explain">
        A sale realises what it brought less the average cost of what was sold, both after fees. What is held counts at
        the last price. So the three add up to the value, to the last digit.
      </p>
    </section>
  );
}

type InOneAsset = AutomationDetail["report"]["by_asset"][number];

function of(report: AutomationDetail["report"]): InOneAsset {
  const { asset, invested, start_equity, final_equity, realised_pnl, unrealised_pnl } = report;
  return { asset, invested, start_equity, final_equity, realised_pnl, unrealised_pnl, rates: {} };
}

function Sum({ of: each }: { of: InOneAsset }) {
  return (
    <dl className="facts">
      <div>
        <dt>It was given, less what was taken</dt>
        <dd>
          <Money value={each.start_equity} asset={each.asset} />
        </dd>
      </div>
      <div>
        <dt>Realised by sales</dt>
        <dd>
          <Bar value={each.realised_pnl} of={each} />
          <Result value={each.realised_pnl} asset={each.asset} unit />
        </dd>
      </div>
      <div>
        <dt>On what it holds, at the last price</dt>
        <dd>
          {each.unrealised_pnl === null ? (
            <NotKnown what="no price is known" />
          ) : (
            <>
              <Bar value={each.unrealised_pnl} of={each} />
              <Result value={each.unrealised_pnl} asset={each.asset} unit />
            </>
          )}
        </dd>
      </div>
      <div className="sum">
        <dt>It is worth</dt>
        <dd>
          {each.final_equity === null ? (
            <NotKnown what="not known" />
          ) : (
            <>
              <Money value={each.final_equity} asset={each.asset} />{" "}
              <Change now={each.final_equity} before={each.start_equity} />
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Spent on buys so far</dt>
        <dd>
          <Money value={each.invested} asset={each.asset} />
        </dd>
      </div>
      {Object.entries(each.rates).map(([symbol, rate]) => (
        <div key={symbol}>
          <dt>Converted at {symbol}</dt>
          <dd>{format.price(rate)}</dd>
        </div>
      ))}
    </dl>
  );
}

const HALF = 40;

/** How large a part is beside the other: to the right what was won, to the left what was lost. */
function Bar({ value, of: each }: { value: string; of: InOneAsset }) {
  const hidden = usePreference("hidden");
  const parts = [each.realised_pnl, each.unrealised_pnl ?? "0"].map(toDraw);
  const most = Math.max(...parts.map(Math.abs));
  if (hidden || most === 0) return null;
  const width = (Math.abs(toDraw(value)) / most) * HALF;
  const lost = toDraw(value) < 0;
  return (
    <svg className="pnl-bar" viewBox={`0 0 ${2 * HALF} 8`} width={2 * HALF} height="8" aria-hidden="true">
      <rect
        className={lost ? "bin-below" : "bin-above"}
        x={lost ? HALF - width : HALF}
        y="0"
        width={width}
        height="8"
      />
      <path className="ax" d={`M${HALF} 0v8`} />
    </svg>
  );
}

/** What its type says of its own, such as what a grid made apart from the trend. */
function Figures({ detail }: { detail: AutomationDetail }) {
  if (detail.figures.length === 0) return null;
  return (
    <>
      <h3 className="sub">In its own words</h3>
      <dl className="facts">
        {detail.figures.map((each) => (
          <div key={each.key}>
            <dt>{each.label.charAt(0).toUpperCase() + each.label.slice(1)}</dt>
            <dd>
              <FigureValue figure={each} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Has({ detail }: { detail: AutomationDetail }) {
  const { data: session } = useQuery(sessionQuery);
  const [changes, setChanges] = useState(false);
  const balances = Object.entries(detail.balances);
  return (
    <section aria-labelledby="h-has" className="blk">
      <div className="section-head">
        <h2 id="h-has">What it has</h2>
        {session?.scopes.includes("automations:write") && !isEnding(detail.status) && (
          <button className="btn small end" type="button" onClick={() => setChanges(true)}>
            Change budget…
          </button>
        )}
      </div>
      {changes && <BudgetDialog of={detail} onClose={() => setChanges(false)} />}
      <table>
        <thead>
          <tr>
            <th>Asset</th>
            <th className="num">Free</th>
            <th className="num">Reserved by orders</th>
            <th className="num">Average cost</th>
          </tr>
        </thead>
        <tbody>
          {balances.map(([asset, funds]) => {
            const position = detail.positions.find(
              (each) => each.symbol.startsWith(`${asset}/`) && sign(each.amount) > 0,
            );
            return (
              <tr key={asset}>
                <th scope="row">{asset}</th>
                <td className="num">
                  <Money value={funds.free} asset={asset} unit={false} />
                </td>
                <td className="num muted">
                  {sign(funds.reserved) === 0 ? "–" : <Money value={funds.reserved} asset={asset} unit={false} />}
                </td>
                <td className="num muted">
                  {position?.average ? `${format.price(position.average)} ${position.symbol.split("/")[1] ?? ""}` : "–"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {balances.length === 0 && <p className="muted none">It has no money of its own.</p>}
    </section>
  );
}

const KINDS: Record<string, string> = { budget: "Budget", trade: "Trade", fee: "Fee" };

function Ledger({ detail, asset }: { detail: AutomationDetail; asset: string | null }) {
  const postings = useInfiniteQuery(postingsQuery(detail.id, asset));
  const navigate = useNavigate({ from: "/automations/$automation" });
  const now = useNow();
  const rows = postings.data?.pages.flatMap((page) => page.postings) ?? [];
  return (
    <section aria-labelledby="h-led" className="blk">
      <div className="section-head">
        <h2 id="h-led">Ledger</h2>
        <a className="btn small end" href={`/api/v1/exports/ledger?automation=${detail.id}`} download>
          CSV
        </a>
      </div>
      <div className="bar">
        <Segments
          label="Asset"
          value={asset ?? ""}
          choices={[
            { value: "", label: "All" },
            ...Object.keys(detail.balances).map((each) => ({ value: each, label: each })),
          ]}
          onChange={(next) => void navigate({ search: (was) => ({ ...was, asset: next || undefined }), replace: true })}
        />
        <span className="small muted">All of an asset’s add up to its balance; none is ever changed.</span>
      </div>
      {postings.error ? (
        <Failure error={postings.error} onRetry={() => void postings.refetch()} />
      ) : postings.isPending ? (
        <Loading what="the ledger" />
      ) : (
        <>
          <table>
            <thead>
              <tr>
                <th className="num l">Time, {format.zoneName()}</th>
                <th>What</th>
                <th className="num">Moved</th>
                <th>Asset</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((posting) => (
                <tr key={posting.id}>
                  <td className="num muted l">
                    <Moment at={posting.at} now={now} />
                  </td>
                  <td>{KINDS[posting.kind] ?? posting.kind}</td>
                  <td className="num">
                    {sign(posting.amount) > 0 && "+"}
                    <Money value={posting.amount} asset={posting.asset} unit={false} />
                  </td>
                  <td className="muted">{posting.asset}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <More
            has={postings.hasNextPage}
            busy={postings.isFetchingNextPage}
            onMore={() => void postings.fetchNextPage()}
          />
        </>
      )}
    </section>
  );
}
