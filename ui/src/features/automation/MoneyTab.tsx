import { useInfiniteQuery } from "@tanstack/react-query";
import type { AutomationDetail } from "@/features/automation/queries";
import { Amount, Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { More } from "@/parts/More";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";
import { postingsQuery } from "./queries";

export default function MoneyTab({ detail }: { detail: AutomationDetail }) {
  return (
    <div className="money">
      <div>
        <Explained detail={detail} />
        <Has detail={detail} />
      </div>
      <Ledger detail={detail} />
    </div>
  );
}

/** How the total comes about: what it started with, what was realised, what is held, and what fees took. */
function Explained({ detail }: { detail: AutomationDetail }) {
  const { report } = detail;
  const assets =
    report.by_asset && report.by_asset.length > 0
      ? report.by_asset
      : [
          {
            asset: report.asset,
            invested: report.invested,
            start_equity: report.start_equity,
            final_equity: report.final_equity,
            realised_pnl: report.realised_pnl,
            unrealised_pnl: report.unrealised_pnl,
          },
        ];
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
          <dl className="facts" key={each.asset}>
            <div>
              <dt>It was given</dt>
              <dd>
                <Money value={each.start_equity} asset={each.asset} />
              </dd>
            </div>
            <div>
              <dt>Realised by sales</dt>
              <dd>
                <Result value={each.realised_pnl} asset={each.asset} unit />
              </dd>
            </div>
            <div>
              <dt>On what it holds, at the last price</dt>
              <dd>
                {each.unrealised_pnl === null ? (
                  <NotKnown what="no price is known" />
                ) : (
                  <Result value={each.unrealised_pnl} asset={each.asset} unit />
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
          </dl>
        ))}
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
    </section>
  );
}

function Has({ detail }: { detail: AutomationDetail }) {
  const balances = Object.entries(detail.balances);
  return (
    <section aria-labelledby="h-has" className="blk">
      <div className="section-head">
        <h2 id="h-has">What it has</h2>
      </div>
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

function Ledger({ detail }: { detail: AutomationDetail }) {
  const postings = useInfiniteQuery(postingsQuery(detail.id));
  const now = useNow();
  const rows = postings.data?.pages.flatMap((page) => page.postings) ?? [];
  return (
    <section aria-labelledby="h-led" className="blk">
      <div className="section-head">
        <h2 id="h-led">Ledger</h2>
        <span className="end">All of an asset’s add up to its balance; none is ever changed</span>
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
                <th className="num l">Time, UTC</th>
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
                    {sign(posting.amount) > 0 ? (
                      <>
                        +<Amount value={posting.amount} />
                      </>
                    ) : (
                      <Amount value={posting.amount} />
                    )}
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
