import { useQuery } from "@tanstack/react-query";
import type { AccountDetail } from "@/api/client/types.gen";
import { accountTotalsQuery, totalsOf } from "@/features/accounts/queries";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { add } from "@/text/decimal";
import * as format from "@/text/format";

/** What its automations came to, in each asset. */
export function Results({ account }: { account: AccountDetail }) {
  const { data: totals, error, refetch } = useQuery(accountTotalsQuery);
  const now = useNow();
  const rows = totalsOf(totals?.rows, account.id);
  return (
    <section className="blk" aria-labelledby="h-results">
      <div className="section-head">
        <h2 id="h-results">What its automations came to</h2>
        {totals && (
          <span className="end">
            As of <Moment at={totals.as_of} now={now} /> {format.zoneName()}
          </span>
        )}
      </div>
      {error && !totals ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !totals ? (
        <Loading what="what they came to" />
      ) : rows.length === 0 ? (
        <p className="muted none">Nothing yet.</p>
      ) : (
        rows.map((row) => (
          <dl className="facts" key={row.asset}>
            <div className="sum">
              <dt>Worth, with what is held at the last prices</dt>
              <dd>
                <Money value={row.equity} asset={row.asset} /> <Change now={row.equity} before={row.start_equity} />
              </dd>
            </div>
            <div>
              <dt>Today, since 00:00 UTC</dt>
              <dd>
                {row.today_unknown === row.automations ? (
                  <NotKnown />
                ) : (
                  <Result value={row.today} asset={row.asset} unit />
                )}
              </dd>
            </div>
            <div>
              <dt>In all</dt>
              <dd>
                <Result value={add(row.realised, row.unrealised)} asset={row.asset} unit />
              </dd>
            </div>
            <div>
              <dt>Fees paid</dt>
              <dd>
                <Money value={row.fees} asset={row.asset} />
              </dd>
            </div>
            {row.unpriced.length > 0 && (
              <div>
                <dt>In no sum, since no price is known</dt>
                <dd>
                  <NotKnown what={row.unpriced.map((each) => each.symbol).join(", ")} />
                </dd>
              </div>
            )}
          </dl>
        ))
      )}
    </section>
  );
}
