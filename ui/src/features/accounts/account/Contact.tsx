import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { checkAccount, rotateAccountKeys } from "@/api/client/sdk.gen";
import type { AccountDetail, CheckStep, StrangerOrder } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { secretsOf } from "@/features/accounts/body";
import { exchangesQuery } from "@/features/accounts/queries";
import type { Schema } from "@/features/new/config/schema";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Icon, Shape } from "@/parts/Icon";
import { Failure } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";

/** Whether its exchange answers: when it did last, and what comes of asking it now. */
export function Contact({ account }: { account: AccountDetail }) {
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const queries = useQueryClient();
  const now = useNow();
  const [rotates, setRotates] = useState(false);
  const off = state === "lost" || state === "signed-out";
  const check = useMutation({
    mutationFn: async () => (await checkAccount({ path: { account: account.id } })).data,
    onSettled: () => queries.invalidateQueries({ queryKey: ["lists"] }),
  });
  const may = session?.scopes.includes("accounts:write") ?? false;
  return (
    <>
      <dl className="facts">
        <div>
          <dt>It answered last</dt>
          <dd>
            {account.last_contact ? (
              <Moment at={account.last_contact} now={now} />
            ) : (
              <span className="faint">not asked yet</span>
            )}
          </dd>
        </div>
      </dl>
      {account.contact_problem && (
        <div className="note unk q" role="status">
          <Shape mark="unknown" />
          <p>
            <b>It does not answer.</b> {sentence(account.contact_problem)}
          </p>
        </div>
      )}
      {account.egress_problem && (
        <div className="note bad q" role="alert">
          <Icon name="warn" />
          <p>
            <b>Nothing leaves by its route.</b> {sentence(account.egress_problem)}
          </p>
        </div>
      )}
      {may && (
        <p className="go q">
          <button className="btn small" type="button" disabled={off || check.isPending} onClick={() => check.mutate()}>
            {check.isPending ? "Asking its exchange" : "Check the connection"}
          </button>
          {account.simulated === false && (
            <button className="btn small" type="button" disabled={off} onClick={() => setRotates(true)}>
              Change its keys…
            </button>
          )}
        </p>
      )}
      {check.data && <Steps steps={check.data.steps} tradesLater={check.data.ok && account.simulated === false} />}
      {check.data && check.data.strangers.length > 0 && <Strangers orders={check.data.strangers} now={now} />}
      {check.error && <Failure error={check.error} />}
      {rotates && <Rotate account={account} onClose={() => setRotates(false)} />}
    </>
  );
}

/** Orders that nobody decided here: they are shown, and left alone. */
function Strangers({ orders, now }: { orders: readonly StrangerOrder[]; now: Date }) {
  return (
    <>
      <p className="small muted">Orders that nobody decided here rest there, too. They are left alone.</p>
      <ul className="hc" aria-label="Orders of others">
        {orders.map((each) => {
          const [base = "", quote = ""] = each.symbol.split("/");
          return (
            <li key={each.id}>
              <Shape mark="open" />
              <div>
                <b>
                  {each.side === "buy" ? "Buy" : "Sell"} {each.amount ? `${format.exact(each.amount)} ${base}` : base}
                  {each.price && ` at ${format.exact(each.price)} ${quote}`}
                </b>
                <p className="small muted">
                  {each.id}, since <Moment at={each.created_at} now={now} />
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}

const ASKED: Record<CheckStep["what"], string> = {
  open: "Its connectors open",
  market_data: "Prices come",
  balances: "It tells what money there is",
  open_orders: "It tells which orders rest",
  permissions: "Its key may what it should, and no more",
  clock: "Its clock and this machine’s agree",
};

function Steps({ steps, tradesLater }: { steps: readonly CheckStep[]; tradesLater: boolean }) {
  return (
    <>
      <ul className="hc" aria-label="What was asked">
        {steps.map((each) => (
          <li key={each.what}>
            {each.ok ? <Icon name="ok" /> : <Shape mark="failed" />}
            <div>
              <b>
                {ASKED[each.what]}
                {!each.ok && <span className="bad">: no</span>}
              </b>
              <p className="small muted">{each.detail}</p>
              {each.cure && (
                <p className="small">
                  <b>Cure:</b> {each.cure}
                </p>
              )}
            </div>
            <span className="small faint tnum nowrap">{format.seconds(each.seconds)}</span>
          </li>
        ))}
      </ul>
      {tradesLater && <p className="small muted">Whether its keys may trade shows at the first order.</p>}
    </>
  );
}

/** Other keys for the same account at the same exchange: what is on it goes on. */
function Rotate({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const { data: exchanges } = useQuery(exchangesQuery);
  const exchange = exchanges?.find((each) => each.name === account.trading);
  const names = useMemo(
    // Prices that need a key have it beside those of its trading.
    () => [...(exchange ? secretsOf(exchange.settings as Schema) : []), ...account.secrets.filter(isOfPrices)],
    [exchange, account.secrets],
  );
  const [given, setGiven] = useState<Record<string, string>>({});
  const [checks, setChecks] = useState(true);
  const queries = useQueryClient();
  const rotate = useMutation({
    mutationFn: () =>
      rotateAccountKeys({
        path: { account: account.id },
        body: { ...keysOf(given), check: checks },
      }),
    async onSuccess() {
      setGiven({});
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const fields = isProblem(rotate.error) ? rotate.error.fields : [];
  function submit(event: FormEvent): void {
    event.preventDefault();
    rotate.mutate();
  }
  const some = Object.values(given).some((value) => value !== "");
  return (
    <Dialog
      title={`Change the keys of ${account.name}`}
      lead={`Of the same account at ${account.trading}: its automations and orders go on with them.`}
      onClose={onClose}
      foot={
        rotate.isSuccess ? (
          <button className="btn primary" type="button" onClick={onClose}>
            Good
          </button>
        ) : (
          <>
            <button className="btn" type="button" onClick={onClose}>
              Cancel
            </button>
            <button className="btn primary" type="submit" form="rotate" disabled={!some || rotate.isPending}>
              {rotate.isPending ? "Asking with them" : "Change them"}
            </button>
          </>
        )
      }
    >
      {rotate.isSuccess ? (
        <p role="status">
          <b>They are changed.</b> Revoke the old ones at the exchange.
        </p>
      ) : (
        <>
          <form id="rotate" onSubmit={submit}>
            {names.length === 0 && <p className="muted">Its connector takes no keys.</p>}
            {names.map((name) => (
              <Line
                key={name}
                label={titleOf(exchange?.settings as Schema | undefined, name)}
                hint="Empty: it stays as it is."
                error={fields.find((each) => each.field.endsWith(name))?.reason}
              >
                {(props) => (
                  <input
                    {...props}
                    type="password"
                    autoComplete="off"
                    spellCheck={false}
                    value={given[name] ?? ""}
                    onChange={(event) => setGiven({ ...given, [name]: event.target.value.trim() })}
                  />
                )}
              </Line>
            ))}
            <label className="opt">
              <input
                className="check"
                type="checkbox"
                checked={checks}
                onChange={(event) => setChecks(event.target.checked)}
              />
              <span>Ask the exchange with them first, and keep the old ones where it does not answer</span>
            </label>
          </form>
          {fields.length === 0 && <Proving error={rotate.error} onProved={() => rotate.mutate()} />}
        </>
      )}
    </Dialog>
  );
}

const PRICES = "market_data.";
const isOfPrices = (name: string) => name.startsWith(PRICES);

/** What was typed, by which connector it is of. */
function keysOf(given: Readonly<Record<string, string>>): Record<string, Record<string, string>> {
  const typed = Object.entries(given).filter(([, value]) => value);
  const trading = Object.fromEntries(typed.filter(([name]) => !isOfPrices(name)));
  const prices = Object.fromEntries(
    typed.filter(([name]) => isOfPrices(name)).map(([name, value]) => [name.slice(PRICES.length), value]),
  );
  return {
    ...(Object.keys(trading).length > 0 ? { trading } : {}),
    ...(Object.keys(prices).length > 0 ? { market_data: prices } : {}),
  };
}

function titleOf(settings: Schema | undefined, name: string): string {
  if (isOfPrices(name)) return `Of its prices: ${name.slice(PRICES.length).replaceAll("_", " ")}`;
  const found = settings?.properties?.[name];
  const title = found && typeof found === "object" ? found.title : undefined;
  return title ?? name.replaceAll("_", " ");
}
