import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { FillRow, OrderRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { Amount, Moment, Money, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { More } from "@/parts/More";
import { Failure, Loading } from "@/parts/States";
import { OrderStatusMark, Side } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";
import { SettleOrder } from "./dialogs/SettleOrder";
import { fillsQuery } from "./queries";

export default function OrdersTab({ detail }: { detail: AutomationDetail }) {
  return (
    <>
      <Live detail={detail} />
      <Fills detail={detail} />
    </>
  );
}

function Live({ detail }: { detail: AutomationDetail }) {
  const now = useNow();
  const { data: session } = useQuery(sessionQuery);
  const [settling, setSettling] = useState<OrderRow | null>(null);
  const may = session?.scopes.includes("orders:write") ?? false;
  const { orders } = detail;
  const unknown = orders.filter((order) => order.status === "unknown");
  const reserved = Object.entries(detail.balances).filter(([, funds]) => sign(funds.reserved) > 0);
  return (
    <section aria-labelledby="h-open" className="blk">
      <div className="section-head">
        <h2 id="h-open">Resting and unsettled</h2>
        {reserved.length > 0 && (
          <span className="end">
            Reserved{" "}
            {reserved.map(([asset, funds], index) => (
              <span key={asset}>
                {index > 0 && ", "}
                <Money value={funds.reserved} asset={asset} />
              </span>
            ))}
          </span>
        )}
      </div>
      {unknown.map((order) => (
        <div className="note unk q" key={order.id}>
          <Shape mark="unknown" />
          <p>
            <b>
              It is not known whether the {order.side} of {order.symbol} reached the exchange.
            </b>{" "}
            {sentence(order.reason)} What it may cost stays reserved, and nothing is sent again; the node goes on
            asking.
          </p>
          {may && (
            <button className="btn small" type="button" onClick={() => setSettling(order)}>
              Settle it…
            </button>
          )}
        </div>
      ))}
      {settling && <SettleOrder order={settling} onClose={() => setSettling(null)} />}
      {orders.length === 0 ? (
        <p className="muted none">No order is live.</p>
      ) : (
        <>
          <table className="desk-only">
            <thead>
              <tr>
                <th>Status</th>
                <th>Side</th>
                <th>Symbol</th>
                <th>Type</th>
                <th className="num">Amount</th>
                <th className="num">Price</th>
                <th className="num">Filled</th>
                <th className="num">Decided</th>
                <th className="num">Last word</th>
                <th>Exchange’s id</th>
              </tr>
            </thead>
            <tbody>
              {orders.map((order) => (
                <tr key={order.id} className={order.status === "unknown" ? "u" : ""}>
                  <td>
                    <OrderStatusMark status={order.status} />
                  </td>
                  <td>
                    <Side side={order.side} />
                  </td>
                  <td>{order.symbol}</td>
                  <td className="muted">{order.type.replaceAll("_", " ")}</td>
                  <td className="num">
                    <Size order={order} />
                  </td>
                  <td className="num">
                    <PriceOf order={order} />
                  </td>
                  <td className="num muted">{sign(order.filled) === 0 ? "–" : <Amount value={order.filled} />}</td>
                  <td className="num muted">
                    <Moment at={order.created_at} now={now} />
                  </td>
                  <td className="num muted">
                    <Moment at={order.updated_at} now={now} />
                  </td>
                  <td className="mono muted cut">{order.exchange_order_id ?? "none yet"}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <ul className="phone-only olist">
            {orders.map((order) => (
              <li key={order.id}>
                <Shape mark={order.status === "unknown" ? "unknown" : order.side === "buy" ? "buy" : "sell"} />
                <span>
                  <b>
                    {order.side === "buy" ? "Buy" : "Sell"} <Size order={order} />
                  </b>{" "}
                  at <PriceOf order={order} />
                  <br />
                  <span className="small muted">
                    {order.symbol}, {order.status}, <Moment at={order.updated_at} now={now} />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Size({ order }: { order: OrderRow }) {
  const [base = "", quote = ""] = order.symbol.split("/");
  if (order.amount !== null) return <Amount value={order.amount} asset={base} />;
  if (order.spend !== null) return <Money value={order.spend} asset={quote} />;
  return <>–</>;
}

function PriceOf({ order }: { order: OrderRow }) {
  if (order.price !== null) return <>{format.price(order.price)}</>;
  if (order.stop !== null) return <>stop {format.price(order.stop)}</>;
  return <span className="muted">market</span>;
}

function Fills({ detail }: { detail: AutomationDetail }) {
  const fills = useInfiniteQuery(fillsQuery(detail.id));
  const now = useNow();
  const rows = fills.data?.pages.flatMap((page) => page.fills) ?? [];
  return (
    <section aria-labelledby="h-fills" className="blk">
      <div className="section-head">
        <h2 id="h-fills">Fills</h2>
        <span className="muted small">
          {format.count(detail.report.fills)} {detail.report.fills === 1 ? "fill" : "fills"} since it was created
        </span>
        <a className="btn small end" href={`/api/v1/exports/fills?automation=${detail.id}`} download>
          CSV
        </a>
      </div>
      {fills.error ? (
        <Failure error={fills.error} onRetry={() => void fills.refetch()} />
      ) : fills.isPending ? (
        <Loading what="fills" />
      ) : rows.length === 0 ? (
        <p className="muted none">Nothing was bought or sold yet.</p>
      ) : (
        <>
          <table className="desk-only">
            <thead>
              <tr>
                <th className="num l">Time, {format.zoneName()}</th>
                <th>Side</th>
                <th>Symbol</th>
                <th className="num">Amount</th>
                <th className="num">Price</th>
                <th className="num">Worth</th>
                <th className="num">Fee</th>
                <th className="num">Realised</th>
                <th>Why</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((fill) => (
                <FillLine key={fill.id} fill={fill} now={now} />
              ))}
            </tbody>
          </table>
          <ul className="phone-only olist">
            {rows.map((fill) => (
              <li key={fill.id}>
                <Shape mark={fill.side === "buy" ? "buy" : "sell"} />
                <span>
                  <b>
                    {fill.side === "buy" ? "Bought" : "Sold"}{" "}
                    <Amount value={fill.amount} asset={fill.symbol.split("/")[0] ?? ""} />
                  </b>{" "}
                  at {format.price(fill.price)}
                  <br />
                  <span className="small muted">
                    <Moment at={fill.at} now={now} />, fee <Money value={fill.fee} asset={fill.fee_asset} />
                  </span>
                </span>
                <span className="num">
                  {fill.side === "sell" && <Result value={fill.realised} asset={fill.symbol.split("/")[1] ?? ""} />}
                </span>
              </li>
            ))}
          </ul>
          <More has={fills.hasNextPage} busy={fills.isFetchingNextPage} onMore={() => void fills.fetchNextPage()} />
        </>
      )}
    </section>
  );
}

function FillLine({ fill, now }: { fill: FillRow; now: Date }) {
  const [base = "", quote = ""] = fill.symbol.split("/");
  return (
    <tr>
      <td className="num muted l">
        <Moment at={fill.at} now={now} />
      </td>
      <td>
        <Side side={fill.side} done />
      </td>
      <td>{fill.symbol}</td>
      <td className="num">
        <Amount value={fill.amount} asset={base} />
      </td>
      <td className="num">{format.price(fill.price)}</td>
      <td className="num">
        <Money value={fill.cost} asset={quote} />
      </td>
      <td className="num muted">
        <Money value={fill.fee} asset={fill.fee_asset} />
      </td>
      <td className="num">
        {fill.side === "sell" ? <Result value={fill.realised} asset={quote} /> : <span className="faint">–</span>}
      </td>
      <td className="muted cut">{[fill.tag, fill.liquidity].filter(Boolean).join(", ")}</td>
    </tr>
  );
}
