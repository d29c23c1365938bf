import type { AccountDetail } from "@/api/client/types.gen";
import * as format from "@/text/format";
import { Contact } from "./Contact";

export function Connection({ account }: { account: AccountDetail }) {
  const settings = [
    ...Object.entries(account.trading_settings).map(([name, value]) => [`orders, ${name}`, value] as const),
    ...Object.entries(account.market_data_settings).map(([name, value]) => [`prices, ${name}`, value] as const),
  ].filter(([, value]) => value !== null && value !== "" && JSON.stringify(value) !== "{}");
  return (
    <section className="blk" aria-labelledby="h-conn">
      <div className="section-head">
        <h2 id="h-conn">Connection</h2>
      </div>
      <Contact account={account} />
      <dl className="facts conf-fields">
        <div>
          <dt>Way out of this machine</dt>
          <dd>
            {account.egress}
            {account.market_data_egress !== account.egress && `, prices by ${account.market_data_egress}`}
          </dd>
        </div>
        <div>
          <dt>Resting orders</dt>
          <dd>{format.count(account.open_orders)}</dd>
        </div>
        <div>
          <dt>Orders of unknown outcome</dt>
          <dd className={account.unknown_orders > 0 ? "unk" : ""}>{format.count(account.unknown_orders)}</dd>
        </div>
        {settings.map(([name, value]) => (
          <div key={name}>
            <dt className="mono">{name}</dt>
            <dd>{shown(value)}</dd>
          </div>
        ))}
        {account.secrets.length > 0 && (
          <div>
            <dt>Kept, and never told</dt>
            <dd className="mono small">{account.secrets.join(", ")}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

/** A setting in a line: of money by asset each amount with its asset. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return value.map(shown).join(", ");
  return Object.entries(value)
    .map(([name, each]) =>
      /^-?\d+(\.\d+)?$/.test(String(each)) ? `${format.exact(String(each))} ${name}` : `${name} ${shown(each)}`,
    )
    .join(", ");
}
