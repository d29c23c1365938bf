import { useQuery } from "@tanstack/react-query";
import type { AccountDetail, AssetMoney } from "@/api/client/types.gen";
import { accountMoneyQuery } from "@/features/accounts/queries";
import { Moment, Money, NotKnown } from "@/parts/Figures";
import { Icon } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add, sign } from "@/text/decimal";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";

/** What the exchange says that there is, what of it automations have, and what is left for new ones. */
export function MoneyAtExchange({ account }: { account: AccountDetail }) {
  const { data: money, error, refetch, isFetching } = useQuery(accountMoneyQuery(account.id));
  const now = useNow();
  // A sum of nothing that has a price is no sum.
  const nothing = money !== undefined && money.assets.length > 0 && money.unvalued.length === money.assets.length;
  const over = money?.assets.filter((each) => each.unallocated !== null && sign(each.unallocated) < 0) ?? [];
  return (
    <section className="blk" aria-labelledby="h-money">
      <div className="section-head">
        <h2 id="h-money">Money</h2>
        <span className="end">
          {money && !money.problem && (
            <>
              As of <Moment at={money.as_of} now={now} /> {format.zoneName()}
            </>
          )}
          <button className="btn small" type="button" disabled={isFetching} onClick={() => void refetch()}>
            {isFetching ? "Asking" : "Ask again"}
          </button>
        </span>
      </div>
      {error && !money ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !money ? (
        <Loading what="its money" rows={3} />
      ) : (
        <>
          {money.problem && (
            <div className="note unk q" role="status">
              <Icon name="info" />
              <p>
                <b>What it has there is not known.</b> {sentence(money.problem)}
              </p>
            </div>
          )}
          {over.map((each) => (
            <div className="note bad q" role="alert" key={each.asset}>
              <Icon name="warn" />
              <p>
                <b>Its automations count on more {each.asset} than there is.</b> Their orders may be refused: send money
                to the exchange, or stop one of them.
              </p>
            </div>
          ))}
          <Assets assets={money.assets} currency={money.currency} />
          {money.currency && (
            <dl className="facts">
              <div className="sum">
                <dt>Worth in all</dt>
                <dd>
                  {money.value === null || nothing ? (
                    <NotKnown />
                  ) : (
                    <Money value={money.value} asset={money.currency} />
                  )}
                </dd>
              </div>
              <div>
                <dt>Of that no automation has</dt>
                <dd>
                  {money.unallocated_value === null || nothing ? (
                    <NotKnown />
                  ) : (
                    <Money value={money.unallocated_value} asset={money.currency} />
                  )}
                </dd>
              </div>
              {money.unvalued.length > 0 && (
                <div>
                  <dt>In no sum, since no price is known</dt>
                  <dd className="unk">{money.unvalued.join(", ")}</dd>
                </div>
              )}
            </dl>
          )}
        </>
      )}
    </section>
  );
}

function Assets({ assets, currency }: { assets: readonly AssetMoney[]; currency: string | null }) {
  if (assets.length === 0) return <p className="muted none">There is nothing.</p>;
  const valued = currency !== null;
  return (
    <section className="scroll" aria-label="Money by asset">
      <table>
        <thead>
          <tr>
            <th>Asset</th>
            <th className="num">At the exchange</th>
            <th className="num">Automations have</th>
            <th className="num">Free for new ones</th>
            {valued && <th className="num">Worth, {currency}</th>}
          </tr>
        </thead>
        <tbody>
          {assets.map((each) => {
            const theirs = add(each.free, each.reserved);
            return (
              <tr key={each.asset}>
                <th scope="row">{each.asset}</th>
                <td className="num">
                  {each.exchange === null ? (
                    <NotKnown />
                  ) : (
                    <Money value={each.exchange} asset={each.asset} unit={false} />
                  )}
                </td>
                <td className="num muted">
                  {sign(theirs) === 0 ? "–" : <Money value={theirs} asset={each.asset} unit={false} />}
                </td>
                <td className="num">
                  {each.unallocated === null ? (
                    <NotKnown />
                  ) : (
                    <span className={sign(each.unallocated) < 0 ? "bad" : ""}>
                      <Money value={each.unallocated} asset={each.asset} unit={false} />
                    </span>
                  )}
                </td>
                {valued && (
                  <td className="num muted">
                    {each.value === null ? <NotKnown /> : <Money value={each.value} asset={currency} unit={false} />}
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
