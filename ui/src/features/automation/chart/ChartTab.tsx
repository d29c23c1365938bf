import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { OrderRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { candlesQuery, courseQuery, newestFillsQuery, tickerQuery } from "@/features/automation/queries";
import { Amount } from "@/parts/Figures";
import { Segments } from "@/parts/forms/Segments";
import { Shape } from "@/parts/Icon";
import { Empty, Failure, Loading } from "@/parts/States";
import { compare, toDraw } from "@/text/decimal";
import * as format from "@/text/format";
import { digitsOf } from "./digits";
import { candlesOf, courseAt, linesOf, marksOf, symbolsOf } from "./drawing";
import PriceChart from "./PriceChart";

const LENGTHS = [
  { value: "1m", label: "1 m" },
  { value: "5m", label: "5 m" },
  { value: "1h", label: "1 h" },
  { value: "1d", label: "1 d" },
] as const;
type Length = (typeof LENGTHS)[number]["value"];

export default function ChartTab({ detail }: { detail: AutomationDetail }) {
  const { data: fills = [] } = useQuery(newestFillsQuery(detail.id));
  const symbols = symbolsOf(detail, fills);
  const [chosen, setChosen] = useState<string | null>(null);
  const symbol = chosen ?? symbols[0];
  if (!symbol) {
    return <Empty title="It is about no market">Its config names no symbol, and it has traded none.</Empty>;
  }
  return <Market detail={detail} symbol={symbol} symbols={symbols} onSymbol={setChosen} />;
}

function Market({
  detail,
  symbol,
  symbols,
  onSymbol,
}: {
  detail: AutomationDetail;
  symbol: string;
  symbols: string[];
  onSymbol: (symbol: string) => void;
}) {
  const young = Date.now() - Date.parse(detail.created_at) < 6 * 3_600_000;
  const [length, setLength] = useState<Length>(young ? "1m" : "1h");
  const candles = useQuery(candlesQuery(detail.account, symbol, length));
  const { data: ticker } = useQuery(tickerQuery(detail.account, symbol));
  const { data: fills = [] } = useQuery(newestFillsQuery(detail.id));
  const { data: course } = useQuery(courseQuery(detail.id));
  const [base = "", quote = ""] = symbol.split("/");
  const price = ticker ? toDraw(ticker.last) : null;
  const drawn = useMemo(() => candlesOf(candles.data, price), [candles.data, price]);
  const times = useMemo(() => drawn.map((candle) => candle.time), [drawn]);
  const last = price ?? drawn.at(-1)?.close ?? null;
  const marks = useMemo(() => marksOf(fills, symbol, times), [fills, symbol, times]);
  const lines = useMemo(() => linesOf(detail, symbol, last), [detail, symbol, last]);
  const { equity, held } = useMemo(() => courseAt(course?.points ?? [], times), [course, times]);
  const resting = detail.orders.filter((order) => order.symbol === symbol);
  return (
    <div className="work">
      <section aria-labelledby="h-chart">
        <div className="bar">
          <h2 id="h-chart" className="vh">
            {symbol}
          </h2>
          {symbols.length > 1 && (
            <Segments
              label="Symbol"
              value={symbol}
              choices={symbols.slice(0, 4).map((each) => ({ value: each, label: each }))}
              onChange={onSymbol}
            />
          )}
          <Segments label="Candle length" value={length} choices={LENGTHS} onChange={setLength} />
          <p className="legend">
            <span>
              <Shape mark="buy" />
              bought
            </span>
            <span>
              <Shape mark="sell" />
              sold; number: three fills or more in a candle
            </span>
            <span className="desk-only">
              <svg width="16" height="6" className="chart" aria-hidden="true">
                <path className="o-buy" d="M0 3h16" />
              </svg>
              resting order
            </span>
            <span className="desk-only">
              <svg width="16" height="6" className="chart" aria-hidden="true">
                <path className="stop" d="M0 3h16" />
              </svg>
              stop
            </span>
          </p>
        </div>
        {candles.error && drawn.length === 0 ? (
          <Failure error={candles.error} onRetry={() => void candles.refetch()} />
        ) : drawn.length === 0 ? (
          <div className="canvas">
            <Loading what="candles" rows={10} />
          </div>
        ) : (
          <PriceChart
            label={`${symbol}, candles of ${length}, with ${marks.length} marks of own fills and ${resting.length} resting orders`}
            candles={drawn}
            marks={marks}
            lines={lines}
            equity={equity}
            held={held}
            digits={digitsOf(last ?? 1)}
          />
        )}
        {course === undefined && <p className="legend under" />}
        {equity.length > 1 && (
          <p className="legend under">
            <span>
              <svg width="18" height="6" className="chart" aria-hidden="true">
                <path className="eq" d="M0 3h18" />
              </svg>
              Value of {detail.name}, {course?.asset}
            </span>
            {held.length > 1 && (
              <span>
                <svg width="18" height="6" className="chart" aria-hidden="true">
                  <path className="hold" d="M0 3h18" />
                </svg>
                had it bought {course?.hold_symbol} at the start and held it; shaded: the difference
              </span>
            )}
          </p>
        )}
        {candles.data?.stale && <p className="small unk">The newest candle has not arrived in time.</p>}
      </section>
      <Ladder
        orders={resting}
        last={ticker?.last ?? null}
        base={base}
        quote={quote}
        heardAt={candles.dataUpdatedAt}
        account={detail.account}
      />
    </div>
  );
}

/** The prices that orders rest at, around the last one: nearest first, both ways. */
function Ladder({
  orders,
  last,
  base,
  quote,
  account,
}: {
  orders: OrderRow[];
  last: string | null;
  base: string;
  quote: string;
  heardAt: number;
  account: string;
}) {
  const priced = orders.filter((order) => (order.price ?? order.stop) !== null);
  const at = (order: OrderRow) => order.price ?? order.stop ?? "0";
  const sorted = [...priced].sort((a, b) => compare(at(b), at(a)));
  const above = last === null ? [] : sorted.filter((order) => compare(at(order), last) > 0);
  const below = last === null ? sorted : sorted.filter((order) => compare(at(order), last) <= 0);
  const seen = 7;
  const hiddenAbove = above.length - seen;
  const hiddenBelow = below.length - seen;
  return (
    <section aria-labelledby="h-lad">
      <div className="section-head">
        <h2 id="h-lad">Resting orders</h2>
        <span className="end">{counts(orders)}</span>
      </div>
      <table className="ladder">
        <thead>
          <tr>
            <th>
              <span className="vh">Side</span>
            </th>
            <th className="num">Price, {quote}</th>
            <th className="num">{base}</th>
            <th className="num">Away</th>
          </tr>
        </thead>
        <tbody>
          {hiddenAbove > 0 && (
            <tr className="more">
              <td />
              <td colSpan={3}>
                {format.count(hiddenAbove)} more up to {format.price(at(above[0] as OrderRow))}
              </td>
            </tr>
          )}
          {above.slice(-seen).map((order) => (
            <Rung key={order.id} order={order} price={at(order)} last={last} />
          ))}
          {last !== null && (
            <tr className="last">
              <td />
              <td className="num">{format.price(last)}</td>
              <td colSpan={2} className="num">
                last price
              </td>
            </tr>
          )}
          {below.slice(0, seen).map((order) => (
            <Rung key={order.id} order={order} price={at(order)} last={last} />
          ))}
          {hiddenBelow > 0 && (
            <tr className="more">
              <td />
              <td colSpan={3}>
                {format.count(hiddenBelow)} more down to {format.price(at(below.at(-1) as OrderRow))}
              </td>
            </tr>
          )}
        </tbody>
      </table>
      <p className="tiny faint conf">{orders.length === 0 ? "Nothing rests at the exchange." : `On ${account}`}</p>
    </section>
  );
}

function counts(orders: readonly OrderRow[]): string {
  const buys = orders.filter((order) => order.side === "buy").length;
  return orders.length === 0 ? "none" : `${buys} buy, ${orders.length - buys} sell`;
}

function Rung({ order, price, last }: { order: OrderRow; price: string; last: string | null }) {
  const away = last === null ? null : format.change(price, last);
  const unknown = order.status === "unknown";
  return (
    <tr className={unknown ? "u" : ""}>
      <td>
        <Shape mark={unknown ? "unknown" : order.side === "buy" ? "buy" : "sell"} />
        <span className="vh">{unknown ? `${order.side}, outcome unknown` : order.side}</span>
      </td>
      <td className="num">{format.price(price)}</td>
      <td className="num muted">{order.amount === null ? "–" : <Amount value={order.amount} />}</td>
      <td className={`num ${order.stop === null ? "muted" : "bad"}`}>
        {order.stop === null ? (away ?? "–") : `stop, ${away ?? ""}`}
      </td>
    </tr>
  );
}
