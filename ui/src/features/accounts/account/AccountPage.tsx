import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AccountDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { accountQuery, unknownOrdersQuery } from "@/features/accounts/queries";
import { Moment, Money } from "@/parts/Figures";
import { Gone } from "@/parts/Gone";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { Head } from "./AccountHead";
import { Connection } from "./Connection";
import { Guarantees } from "./Guarantees";
import { LimitsOf } from "./Limits";
import { MoneyAtExchange } from "./MoneyAtExchange";
import { Results } from "./Results";

export default function AccountPage({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(accountQuery(id));
  if (!data) {
    if (isProblem(error, "not-found"))
      return (
        <Gone what="account" all="All accounts" to="/accounts">
          It was deleted, or it is somebody else’s.
        </Gone>
      );
    return (
      <div className="page">
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the account" rows={8} />}
      </div>
    );
  }
  const { account } = data;
  return (
    <div className="page">
      <Head loaded={data} />
      {account.problem && (
        <div className="note bad" role="alert">
          <p>
            <b>It cannot be opened.</b> {account.problem}
          </p>
        </div>
      )}
      {Object.keys(account.lacks).length > 0 && <Lacks account={account} />}
      <div className="money">
        <div>
          {account.unknown_orders > 0 && <UnknownOrders account={account} />}
          <MoneyAtExchange account={account} />
          <Results account={account} />
        </div>
        <div>
          <Connection account={account} />
          <LimitsOf loaded={data} />
          {account.capabilities && <Guarantees of={account.capabilities} />}
        </div>
      </div>
    </div>
  );
}

/** What its exchange has too little of: orders that spend it wait for somebody. */
function Lacks({ account }: { account: AccountDetail }) {
  return (
    <div className="note bad" role="alert">
      <p>
        <b>The exchange has less than its automations reckon with.</b> Orders that spend it are not sent. Put back what
        is missing, or stop an automation that it is of.
      </p>
      <ul className="plain">
        {Object.entries(account.lacks).map(([asset, each]) => (
          <li key={asset}>
            <Money value={each.has} asset={asset} /> of <Money value={each.needs} asset={asset} />
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Orders of it of which nobody knows what became: each is settled on its automation's page. */
function UnknownOrders({ account }: { account: AccountDetail }) {
  const { data: orders } = useQuery(unknownOrdersQuery);
  const now = useNow();
  const own = orders?.filter((each) => each.account === account.name) ?? [];
  return (
    <section className="blk" aria-labelledby="h-unknown">
      <div className="section-head">
        <h2 id="h-unknown">Orders of unknown outcome</h2>
        <span className="end">{format.count(account.unknown_orders)}</span>
      </div>
      <ul className="olist" aria-label="Orders of unknown outcome">
        {own.map((each) => (
          <li key={each.id}>
            <Shape mark="unknown" />
            <span>
              <b>
                {each.side === "buy" ? "Buy" : "Sell"} on {each.symbol}
              </b>{" "}
              of {each.automation}, since <Moment at={each.created_at} now={now} />
              {each.reason && <span className="why-line">{each.reason}</span>}
            </span>
            <Link
              className="btn small"
              to="/automations/$automation"
              params={{ automation: each.automation_id }}
              search={{ tab: "orders" }}
            >
              See why, and settle it
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
