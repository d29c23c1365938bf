import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ShadowMoney, ShadowPair, ShadowQuote, ShadowReport, ShadowSide } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { Amount, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { usePreference } from "@/parts/preferences";
import { Empty, Failure, Loading } from "@/parts/States";
import { AutomationStatusMark, Side } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import type { Decimal } from "@/text/decimal";
import { negated, sign } from "@/text/decimal";
import * as format from "@/text/format";
import { isEnding, isOver } from "../lives";
import { shadowQuery } from "./queries";
import { SwitchShadow } from "./SwitchShadow";
import { bps, later, nothing, OUTCOMES } from "./words";

/** How a live automation differs from its twin on paper. */
export default function ShadowTab({ detail }: { detail: AutomationDetail }) {
  const { data: session } = useQuery(sessionQuery);
  const [switches, setSwitches] = useState(false);
  const may = session?.scopes.includes("automations:write") ?? false;
  return (
    <>
      {detail.shadow ? (
        <Drift detail={detail} may={may} onSwitch={() => setSwitches(true)} />
      ) : (
        <None detail={detail} may={may} onSwitch={() => setSwitches(true)} />
      )}
      {switches && <SwitchShadow detail={detail} onClose={() => setSwitches(false)} />}
    </>
  );
}

interface Switched {
  detail: AutomationDetail;
  may: boolean;
  onSwitch: () => void;
}

function None({ detail, may, onSwitch }: Switched) {
  const runs = !isEnding(detail.status) && !isOver(detail.status);
  return (
    <Empty
      title="It has no shadow"
      action={
        may && runs ? (
          <button className="btn" type="button" onClick={onSwitch}>
            Give it a shadow…
          </button>
        ) : undefined
      }
    >
      A shadow is a twin on paper that decides at the same prices and sends nothing. Beside it one sees what the
      exchange costs: slippage, fills that were missed, fees.
    </Empty>
  );
}

function Drift({ detail, may, onSwitch }: Switched) {
  const { data: report, error, refetch } = useQuery(shadowQuery(detail.id));
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!report) return <Loading what="its shadow" rows={8} />;
  return (
    <>
      <Sums report={report} may={may} onSwitch={onSwitch} />
      <Orders report={report} />
    </>
  );
}

function Sums({ report, may, onSwitch }: { report: ShadowReport; may: boolean; onSwitch: () => void }) {
  const now = useNow();
  return (
    <section aria-labelledby="h-shadow" className="blk">
      <div className="section-head">
        <h2 id="h-shadow">Live beside paper</h2>
        {report.status && <AutomationStatusMark status={report.status} />}
        <span className="muted small">
          on paper
          {report.began_at && (
            <>
              {" "}
              since <Moment at={report.began_at} now={now} />
            </>
          )}
        </span>
        {may && (
          <button className="btn small end" type="button" onClick={onSwitch}>
            Take it away…
          </button>
        )}
      </div>
      {report.reason && (
        <div className="note warn">
          <p>On paper: {report.reason}</p>
        </div>
      )}
      {report.observing && (
        <div className="note">
          <p>Its account only observes: no live order is sent, and what paper fills counts as missed.</p>
        </div>
      )}
      {report.quotes.length === 0 && <p className="muted none">Neither has ordered anything since.</p>}
      {report.quotes.map((quote) => (
        <Quote key={quote.asset} of={quote} />
      ))}
      {report.money.map((each) => (
        <Worth key={each.asset} of={each} />
      ))}
      <p className="small muted explain">
        Worse than paper is above 0, but for PnL. Paper never moves the market and fills whole orders: it is what would
        have been at best. Prices as of <Moment at={report.as_of} now={now} /> {format.zoneName()}.
      </p>
    </section>
  );
}

function Quote({ of: quote }: { of: ShadowQuote }) {
  const others = [
    { count: quote.waits, text: "Filled on one side, the other waits" },
    { count: quote.unknown, text: "Not known what became of the live one" },
    { count: quote.live_alone, text: "Decided live alone" },
    { count: quote.paper_alone, text: "Decided on paper alone" },
  ].filter(({ count }) => count > 0);
  return (
    <dl className="facts">
      <div>
        <dt>Slippage, of {format.count(quote.both)} filled on both</dt>
        <dd>
          {quote.slippage === null ? (
            <NotKnown what="nothing to compare yet" />
          ) : (
            <>
              <Worse value={quote.slippage} asset={quote.asset} />{" "}
              {quote.slippage_bps !== null && <span className="faint">{bps(quote.slippage_bps)}</span>}
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Missed fills: paper filled, live did not</dt>
        <dd>
          {format.count(quote.missed)}
          {quote.missed > 0 && (
            <>
              {" "}
              <span className="faint">
                worth <Money value={quote.missed_cost} asset={quote.asset} />
              </span>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Filled live, and not on paper</dt>
        <dd>{format.count(quote.live_only)}</dd>
      </div>
      <div>
        <dt>More paid in fees</dt>
        <dd>
          {quote.fee === null ? <NotKnown /> : <Worse value={quote.fee} asset={quote.asset} />}
          {quote.fee_unknown > 0 && (
            <>
              {" "}
              <NotKnown what={`of ${format.count(quote.fee_unknown)} not known`} />
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Filled, median</dt>
        <dd>{quote.later_ms === null ? <NotKnown /> : later(quote.later_ms)}</dd>
      </div>
      {others.map(({ count, text }) => (
        <div key={text}>
          <dt>{text}</dt>
          <dd>{format.count(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

function Worth({ of: money }: { of: ShadowMoney }) {
  return (
    <dl className="facts">
      <div>
        <dt>Worth live, and on paper</dt>
        <dd>
          {money.live_equity === null ? <NotKnown /> : <Money value={money.live_equity} asset={money.asset} />}
          {", "}
          {money.paper_equity === null ? <NotKnown /> : <Money value={money.paper_equity} asset={money.asset} />}
        </dd>
      </div>
      <div className="sum">
        <dt>PnL, live less paper</dt>
        <dd>
          {money.pnl === null ? (
            <NotKnown what="no price is known" />
          ) : (
            <Result value={money.pnl} asset={money.asset} unit />
          )}
        </dd>
      </div>
    </dl>
  );
}

/** Of which more is worse: always with its sign, so that colour is never alone. */
function Worse({ value, asset }: { value: Decimal; asset: string }) {
  const hidden = usePreference("hidden");
  if (hidden) return <>{format.HIDDEN}</>;
  const text = format.money(value, asset, { signed: true });
  return (
    <>
      <span
        className={sign(value) === 0 ? "" : format.gainOrLoss(format.money(negated(value), asset, { signed: true }))}
        title={`${format.exact(value)} ${asset}`}
      >
        {text}
      </span>
      <span className="unit">{asset}</span>
    </>
  );
}

function Orders({ report }: { report: ShadowReport }) {
  const now = useNow();
  if (report.orders.length === 0) return null;
  return (
    <section aria-labelledby="h-pairs" className="blk">
      <div className="section-head">
        <h2 id="h-pairs">Order by order</h2>
        {report.left_out > 0 && (
          <span className="end">{format.count(report.left_out)} older ones are in the sums above</span>
        )}
      </div>
      <table className="desk-only">
        <thead>
          <tr>
            <th className="num l">Decided, {format.zoneName()}</th>
            <th>Side</th>
            <th>Symbol</th>
            <th>For</th>
            <th className="num">Live</th>
            <th className="num">Paper</th>
            <th className="num">Slippage</th>
            <th className="num">Filled</th>
            <th>What became of it</th>
          </tr>
        </thead>
        <tbody>
          {report.orders.map((pair) => (
            <tr key={keyOf(pair)} className={pair.outcome === "unknown" ? "u" : ""}>
              <td className="num muted l">
                <Moment at={pair.at} now={now} />
              </td>
              <td>
                <Side side={pair.side} />
              </td>
              <td>{pair.symbol}</td>
              <td className="muted cut">{pair.tag || pair.type}</td>
              <td className="num">
                <Executed side={pair.live} symbol={pair.symbol} />
              </td>
              <td className="num">
                <Executed side={pair.paper} symbol={pair.symbol} />
              </td>
              <td className="num">
                <Slippage pair={pair} />
              </td>
              <td className="num muted">{pair.later_ms === null ? "–" : later(pair.later_ms)}</td>
              <td className="muted">
                <Outcome pair={pair} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="phone-only olist">
        {report.orders.map((pair) => (
          <li key={keyOf(pair)}>
            <Shape mark={pair.outcome === "unknown" ? "unknown" : pair.side === "buy" ? "buy" : "sell"} />
            <span>
              <b>
                {pair.side === "buy" ? "Buy" : "Sell"} {pair.symbol}
              </b>
              , live <Executed side={pair.live} symbol={pair.symbol} />, paper{" "}
              <Executed side={pair.paper} symbol={pair.symbol} />
              <br />
              <span className="small muted">
                <Moment at={pair.at} now={now} />, <Outcome pair={pair} />
              </span>
            </span>
            <span className="num">
              <Slippage pair={pair} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function keyOf(pair: ShadowPair): string {
  return `${pair.live?.id ?? ""}/${pair.paper?.id ?? ""}`;
}

function Executed({ side, symbol }: { side: ShadowSide | null; symbol: string }) {
  if (side === null) return <span className="faint">–</span>;
  if (side.price === null) return <span className={side.status === "unknown" ? "unk" : "faint"}>{nothing(side)}</span>;
  return (
    <>
      <Amount value={side.filled} asset={symbol.split("/")[0] ?? ""} /> at {format.price(side.price)}
    </>
  );
}

function Slippage({ pair }: { pair: ShadowPair }) {
  const quote = pair.symbol.split("/")[1] ?? "";
  if (pair.slippage === null) return <span className="faint">–</span>;
  return (
    <>
      <Worse value={pair.slippage} asset={quote} />
      {pair.slippage_bps !== null && <span className="faint"> {bps(pair.slippage_bps)}</span>}
    </>
  );
}

function Outcome({ pair }: { pair: ShadowPair }) {
  const base = pair.symbol.split("/")[0] ?? "";
  const short = pair.outcome === "both" && pair.short !== null && sign(pair.short) > 0 ? pair.short : null;
  return (
    <>
      {OUTCOMES[pair.outcome]}
      {short !== null && (
        <>
          , live <Amount value={short} asset={base} /> less
        </>
      )}
    </>
  );
}
