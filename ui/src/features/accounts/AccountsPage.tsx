import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AccountRow, TotalRow } from "@/api/client/types.gen";
import { accountsQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { accountTotalsQuery, totalsOf } from "./queries";

/** Where money is: live accounts and those with play money, never added to each other. */
export function AccountsPage() {
  const { data: accounts, error, refetch } = useQuery(accountsQuery);
  const { data: totals } = useQuery(accountTotalsQuery);
  const { data: session } = useQuery(sessionQuery);
  const now = useNow();
  const live = accounts?.filter((each) => each.simulated !== true) ?? [];
  const paper = accounts?.filter((each) => each.simulated === true) ?? [];
  const add = session?.scopes.includes("accounts:write") && (
    <Link className="btn primary" to="/accounts/new">
      Add an account
    </Link>
  );
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Accounts</h1>
          <p className="muted says">Where automations trade, and whose prices they see.</p>
        </div>
        {accounts && accounts.length > 0 && <div className="actions">{add}</div>}
      </div>
      {error && !accounts ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !accounts ? (
        <Loading what="the accounts" rows={6} />
      ) : accounts.length === 0 ? (
        <Empty title="No account yet" action={add}>
          An account is an exchange with your keys, or play money on real or simulated prices. Automations need one.
        </Empty>
      ) : (
        <>
          <Kind title="Live" accounts={live} totals={totals?.rows} />
          <Kind title="Play money" accounts={paper} totals={totals?.rows} />
          {totals && (
            <p className="small muted">
              Valued at the last prices, as of <Moment at={totals.as_of} now={now} /> {format.zoneName()}
            </p>
          )}
        </>
      )}
    </div>
  );
}

function Kind({
  title,
  accounts,
  totals,
}: {
  title: string;
  accounts: readonly AccountRow[];
  totals: readonly TotalRow[] | undefined;
}) {
  if (accounts.length === 0) return null;
  return (
    <section className="blk">
      <div className="section-head">
        <h2>{title}</h2>
        <span className="end">{format.count(accounts.length)}</span>
      </div>
      <table className="stack accounts" aria-label={title}>
        <thead>
          <tr>
            <th>Account</th>
            <th>State</th>
            <th>Orders go to</th>
            <th>Prices of</th>
            <th className="num">Automations’ money</th>
            <th className="num">Today</th>
            <th className="num">Automations</th>
            <th className="num">Resting orders</th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((each) => (
            <tr key={each.id}>
              <th scope="row" className="cut">
                <Link to="/accounts/$account" params={{ account: each.id }}>
                  {each.name}
                </Link>
              </th>
              <td className="end-cell">
                <State account={each} />
              </td>
              <td className="muted desk-only">{each.trading}</td>
              <td className="muted desk-only">{each.market_data}</td>
              <Sums rows={totalsOf(totals, each.id)} known={totals !== undefined} />
              <td className="num">
                <Link to="/automations" search={{ account: each.id }}>
                  {format.count(each.automations)}
                  <span className="on-phone"> {each.automations === 1 ? "automation" : "automations"}</span>
                </Link>
              </td>
              <td className="num muted desk-only">{format.count(each.open_orders)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** What of an account needs somebody, in a word. */
export function State({
  account,
}: {
  account: Pick<AccountRow, "simulated" | "sending" | "mode" | "lacks" | "unknown_orders" | "contact_problem">;
}) {
  if (account.simulated === null) {
    return (
      <span className="status bad">
        <Shape mark="failed" />
        Plugin is missing
      </span>
    );
  }
  if (!account.sending) {
    return (
      <span className="status bad">
        <Shape mark="held" />
        Kill switch is on
      </span>
    );
  }
  if (account.unknown_orders > 0) {
    return (
      <span className="status unk">
        <Shape mark="unknown" />
        {format.count(account.unknown_orders)} {account.unknown_orders === 1 ? "order is" : "orders are"} unknown
      </span>
    );
  }
  if (Object.keys(account.lacks ?? {}).length > 0) {
    return (
      <span className="status bad">
        <Shape mark="refused" />
        Money is missing
      </span>
    );
  }
  if (account.contact_problem) {
    return (
      <span className="status unk" title={account.contact_problem}>
        <Shape mark="unknown" />
        Its exchange does not answer
      </span>
    );
  }
  if (account.mode === "observe") {
    return (
      <span className="status">
        <Shape mark="waiting" />
        Only observes
      </span>
    );
  }
  return (
    <span className="status">
      <Shape mark="active" />
      Sends orders
    </span>
  );
}

function Sums({ rows, known }: { rows: readonly TotalRow[]; known: boolean }) {
  if (!known) {
    return (
      <>
        <td className="num">
          <NotKnown what="…" />
        </td>
        <td className="desk-only" />
      </>
    );
  }
  if (rows.length === 0) {
    return (
      <>
        <td className="num faint">–</td>
        <td className="num faint desk-only">–</td>
      </>
    );
  }
  return (
    <>
      <td className="num">
        {rows.map((row) => (
          <div key={row.asset}>
            <Money value={row.equity} asset={row.asset} />
          </div>
        ))}
      </td>
      <td className="num desk-only">
        {rows.map((row) => (
          <div key={row.asset}>
            {row.today_unknown === row.automations ? <NotKnown /> : <Result value={row.today} asset={row.asset} unit />}
          </div>
        ))}
      </td>
    </>
  );
}
