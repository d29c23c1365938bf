import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { PlannedOrder, PlannedTick } from "@/api/client/types.gen";
import { digitsOf } from "@/features/automation/digits";
import PriceChart from "@/features/automation/PriceChart";
import { candlesQuery } from "@/features/automation/queries";
import { Amount, Money } from "@/parts/Figures";
import { Icon, Shape } from "@/parts/Icon";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";
import { linesOfPlan, type Planned } from "./plan";
import { symbolsQuery } from "./queries";
import type { Schema } from "./schema";

/** The market that is typed, with the plan drawn on it; while it is typed, those whose names begin like that. */
export function Market({
  account,
  symbol,
  schema,
  config,
  plan,
  onPick,
}: {
  account: string;
  symbol: string;
  schema: Schema;
  config: Record<string, unknown>;
  plan: Planned | undefined;
  onPick: (symbol: string) => void;
}) {
  const { data: symbols = [] } = useQuery(symbolsQuery(account, symbol.split("/")[0]?.toUpperCase() ?? ""));
  const known = symbols.some((each) => each.symbol === symbol);
  const candles = useQuery({ ...candlesQuery(account, symbol, "1h"), enabled: known });
  const drawn = useMemo(
    () =>
      candles.data?.candles.map(([at, open, high, low, close]) => ({ time: at / 1000, open, high, low, close })) ?? [],
    [candles.data],
  );
  const lines = useMemo(() => linesOfPlan(plan?.tick ?? null, schema, config, symbol), [plan, schema, config, symbol]);
  return (
    <section className="blk" aria-labelledby="h-market">
      <div className="section-head">
        <h2 id="h-market">{known ? symbol : "Markets"}</h2>
        {known && <span className="end">By the hour{lines.length > 0 && "; lines: what is planned and typed"}</span>}
      </div>
      {known && drawn.length > 0 ? (
        <PriceChart
          label={`${symbol} by the hour`}
          candles={drawn}
          marks={NOTHING}
          lines={lines}
          equity={NOTHING}
          digits={digitsOf(drawn.at(-1)?.close ?? 1)}
          whole
        />
      ) : (
        <ul className="picks">
          {symbols.map((each) => (
            <li key={each.symbol}>
              <button className="btn small" type="button" onClick={() => onPick(each.symbol)}>
                {each.symbol}
              </button>
            </li>
          ))}
        </ul>
      )}
      {!known && symbols.length === 0 && (
        <p className="muted small none">No market of {account || "the account"} begins like that.</p>
      )}
    </section>
  );
}

const NOTHING: readonly never[] = [];

/** What it would do first, what that takes, and what speaks against it; nothing of it is sent. */
export function Plan({ plan, busy }: { plan: Planned | undefined; busy: boolean }) {
  if (!plan) {
    return (
      <section className="blk" aria-labelledby="h-plan">
        <div className="section-head">
          <h2 id="h-plan">Plan</h2>
        </div>
        <p className="muted none">Once what is needed is filled in, it is said here what it would do first.</p>
      </section>
    );
  }
  const { tick, problem } = plan;
  return (
    <section className="blk" aria-labelledby="h-plan" aria-busy={busy}>
      <div className="section-head">
        <h2 id="h-plan">Plan</h2>
        <span className="end">Nothing of it is sent</span>
      </div>
      {tick ? <Found tick={tick} /> : <Refused text={problem.message} />}
    </section>
  );
}

function Refused({ text }: { text: string }) {
  return (
    <div className="note bad">
      <Icon name="warn" />
      <p>{text.charAt(0).toUpperCase() + text.slice(1)}</p>
    </div>
  );
}

function Found({ tick }: { tick: PlannedTick }) {
  const orders = tick.orders.filter((order) => order.kind === "order");
  const lacking = Object.entries(tick.lacking_funds).filter(([, amount]) => sign(amount) > 0);
  const needs = Object.entries(tick.needs_funds).filter(([, amount]) => sign(amount) > 0);
  return (
    <>
      {tick.outcome !== "decides" && <Refused text={tick.reason || `it ${tick.outcome}`} />}
      {tick.findings.map((finding) => (
        <div
          className={`note ${finding.severity === "error" ? "bad" : "warn"}`}
          key={`${finding.field} ${finding.text}`}
        >
          <Icon name="warn" />
          <p>{finding.text.charAt(0).toUpperCase() + finding.text.slice(1)}</p>
        </div>
      ))}
      <ol className="do plan" aria-label="Orders of its first tick">
        {orders.slice(0, 8).map((order, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: planned orders have no id, and are replaced all at once
          <li key={index}>
            <Shape mark={order.status === "planned" ? (order.side === "buy" ? "buy" : "sell") : "refused"} />
            <span>
              <Said order={order} />
              {order.reason && <span className="bad"> {order.reason}</span>}
            </span>
          </li>
        ))}
        {orders.length > 8 && <li className="muted plainly">and {format.count(orders.length - 8)} orders more</li>}
        {orders.length === 0 && <li className="muted plainly">No order at first.</li>}
        {tick.next_step && (
          <li>
            <span />
            <span>Then it {tick.next_step.replace("{when}", "on its schedule")}.</span>
          </li>
        )}
      </ol>
      <dl className="facts">
        {needs.map(([asset, amount]) => (
          <div key={asset}>
            <dt>These orders take</dt>
            <dd>
              <Money value={amount} asset={asset} />{" "}
              <span className="faint">
                of <Money value={tick.free_funds[asset] ?? "0"} asset={asset} unit={false} />
              </span>
            </dd>
          </div>
        ))}
        {lacking.map(([asset, amount]) => (
          <div key={`lacks ${asset}`}>
            <dt className="bad">It lacks</dt>
            <dd className="bad">
              <Money value={amount} asset={asset} />
            </dd>
          </div>
        ))}
        <div>
          <dt>Requests to the exchange</dt>
          <dd>
            {format.count(tick.requests_used.market_data)} for prices, {format.count(tick.requests_used.trading)} for
            orders
          </dd>
        </div>
      </dl>
    </>
  );
}

function Said({ order }: { order: PlannedOrder }) {
  const [base = "", quote = ""] = order.symbol.split("/");
  return (
    <>
      <b>{order.side === "buy" ? "Buys" : "Sells"} </b>
      {order.amount !== null ? (
        <Amount value={order.amount} asset={base} />
      ) : order.spend !== null ? (
        <>
          {base} for <Money value={order.spend} asset={quote} />
        </>
      ) : (
        base
      )}{" "}
      {order.price !== null
        ? `at ${format.price(order.price)}`
        : order.stop !== null
          ? `at its stop ${format.price(order.stop)}`
          : "at market"}
    </>
  );
}
