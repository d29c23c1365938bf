import { useQuery } from "@tanstack/react-query";
import { Suspense, useMemo } from "react";
import type { PlannedOrder, PlannedTick } from "@/api/client/types.gen";
import { digitsOf } from "@/features/automation/chart/digits";
import { candlesQuery } from "@/features/automation/queries";
import { withNumbers } from "@/features/automations/words";
import { linesOfPlan, type Planned } from "@/features/new/plan";
import { symbolsQuery } from "@/features/new/queries";
import { Amount, Money } from "@/parts/Figures";
import { Icon, Shape } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";
import type { Schema } from "./schema";
import { hinted, sketched } from "./sketch";

/** It is as large as the form beside it, and may come after that. */
const PriceChart = lazyPart(() => import("@/features/automation/chart/PriceChart"));

/** The market that is typed, with the plan drawn on it; while it is typed, those whose names begin like that. */
export function Market({
  type,
  account,
  symbol,
  schema,
  config,
  plan,
  onPick,
}: {
  type: string;
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
  const last = drawn.at(-1)?.close ?? null;
  const lines = useMemo(
    () =>
      linesOfPlan(plan?.tick ?? null, schema, config, symbol, [
        ...hinted(schema, config, last),
        ...sketched(type, config, last),
      ]),
    [plan, schema, config, symbol, type, last],
  );
  return (
    <section className="blk" aria-labelledby="h-market">
      <div className="section-head">
        <h2 id="h-market">{known ? symbol : "Markets"}</h2>
        {known && <span className="end">By the hour{lines.length > 0 && "; lines: what is planned and typed"}</span>}
      </div>
      {known && drawn.length > 0 ? (
        <Suspense fallback={null}>
          <PriceChart
            label={`${symbol} by the hour`}
            candles={drawn}
            marks={NOTHING}
            lines={lines}
            equity={NOTHING}
            digits={digitsOf(last ?? 1)}
            whole
          />
        </Suspense>
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
export function Plan({
  plan,
  busy,
  waiting = "Once what is needed is filled in, it is said here what it would do first.",
}: {
  plan: Planned | undefined;
  busy: boolean;
  waiting?: string;
}) {
  if (!plan) {
    return (
      <section className="blk" aria-labelledby="h-plan">
        <div className="section-head">
          <h2 id="h-plan">Plan</h2>
        </div>
        <p className="muted none">{waiting}</p>
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

/** What its type has against the config; from three on a list, so that none is taken for the only one. */
function Findings({ findings }: { findings: PlannedTick["findings"] }) {
  const said = findings.map(({ text }) => text.charAt(0).toUpperCase() + text.slice(1));
  const grave = findings.some(({ severity }) => severity === "error");
  if (said.length < 3) {
    return said.map((text, index) => (
      <div className={`note ${findings[index]?.severity === "error" ? "bad" : "warn"}`} key={text}>
        <Icon name="warn" />
        <p>{text}</p>
      </div>
    ));
  }
  return (
    <div className={`note ${grave ? "bad" : "warn"}`}>
      <Icon name="warn" />
      <div>
        <p>
          <b>{format.count(said.length)} things speak against it</b>
        </p>
        <ul className="bullets">
          {said.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** What comes after, in its author's words; what nothing but an event brings has no time. */
function thenOf({ next_step, next_run, at }: PlannedTick): string {
  const left = next_run === null ? null : Date.parse(next_run) - Date.parse(at);
  const when = left === null ? "" : `in ${format.span(left)}`;
  return withNumbers(next_step.replace("{when}", when).replaceAll("  ", " ").trim());
}

function Found({ tick }: { tick: PlannedTick }) {
  const orders = tick.orders.filter((order) => order.kind === "order");
  const cancels = tick.orders.length - orders.length;
  const lacking = Object.entries(tick.lacking_funds).filter(([, amount]) => sign(amount) > 0);
  const needs = Object.entries(tick.needs_funds).filter(([, amount]) => sign(amount) > 0);
  return (
    <>
      {tick.outcome !== "decides" && <Refused text={tick.reason || `it ${tick.outcome}`} />}
      <Findings findings={tick.findings} />
      <ol className="do plan" aria-label={tick.id ? "Orders of its next tick" : "Orders of its first tick"}>
        {cancels > 0 && (
          <li>
            <Shape mark="cancelled" />
            <span>
              <b>Takes back </b>
              {cancels === 1 ? "an order that rests" : `${format.count(cancels)} orders that rest`}
            </span>
          </li>
        )}
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
        {orders.length === 0 && <li className="muted plainly">{tick.id ? "No new order." : "No order at first."}</li>}
        {tick.next_step && (
          <li>
            <span />
            <span>Then it {thenOf(tick)}.</span>
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
        {(tick.request_budgets ?? []).map((budget) => (
          <div key={`${budget.exchange} ${budget.per} ${budget.egress}`}>
            <dt>Of what {budget.exchange} allows</dt>
            <dd>
              {format.count(budget.adds_percent)} %{" "}
              <span className="faint">more, {format.count(budget.used_percent)} % are asked already</span>
            </dd>
          </div>
        ))}
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
