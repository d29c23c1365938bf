import { useInfiniteQuery } from "@tanstack/react-query";
import { replayFillsQuery } from "@/features/replays/queries";
import { Amount, Money, Result } from "@/parts/Figures";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import { Side } from "@/parts/Status";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";

export default function Fills({ id, automation }: { id: string; automation: string }) {
  const found = useInfiniteQuery(replayFillsQuery(id, automation || null));
  const rows = found.data?.pages.flatMap((page) => page.fills) ?? [];
  if (found.error && rows.length === 0) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.isPending) return <Loading what="the fills" rows={10} />;
  if (rows.length === 0) return <Empty title="Nothing was traded">Its log says what it waited for.</Empty>;
  return (
    <div className="blk">
      <table className="stack fills" aria-label="Fills, oldest first">
        <thead>
          <tr>
            <th>Time, {format.zoneName()}</th>
            <th>Side</th>
            <th>Market</th>
            <th className="num">Amount</th>
            <th className="num">Price</th>
            <th className="num">Cost</th>
            <th className="num">Fee</th>
            <th className="num">Realised</th>
            <th>How</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((fill, index) => {
            const [base = "", quote = ""] = fill.symbol.split("/");
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: fills of a finished replay have no id and never move
              <tr key={index}>
                <td className="tnum muted nowrap">{format.dayAndTime(new Date(fill.at))}</td>
                <td className="end-cell">
                  <Side side={fill.side} done />
                </td>
                <td className="desk-only">{fill.symbol}</td>
                <td className="num">
                  <Amount value={fill.amount} asset={base} />
                </td>
                <td className="num">
                  <span title={format.exact(fill.price)}>{format.price(fill.price)}</span>
                </td>
                <td className="num desk-only">
                  <Money value={fill.cost} asset={quote} unit={false} />
                </td>
                <td className="num muted desk-only">
                  {sign(fill.fee) === 0 ? "–" : <Amount value={fill.fee} asset={fill.fee_asset} />}
                </td>
                <td className="num desk-only">
                  {sign(fill.realised) === 0 ? (
                    <span className="faint">–</span>
                  ) : (
                    <Result value={fill.realised} asset={quote} unit />
                  )}
                </td>
                <td className="muted desk-only">
                  {fill.liquidity}
                  {fill.tag && `, ${fill.tag}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <More has={found.hasNextPage} busy={found.isFetchingNextPage} onMore={() => void found.fetchNextPage()} />
    </div>
  );
}
