import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { createAccount, createAutomation } from "@/api/client/sdk.gen";
import { accountsQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { Failure } from "@/parts/States";

const PLAY = { account: "play-money", automation: "my-first-dca" };

/** Nobody trades yet: one click begins with money that is none. */
export default function FirstRun() {
  const { data: session } = useQuery(sessionQuery);
  const { data: accounts = [] } = useQuery(accountsQuery);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const begin = useMutation({
    async mutationFn() {
      if (!accounts.some((each) => each.name === PLAY.account)) {
        await createAccount({
          body: {
            name: PLAY.account,
            market_data: { use: "simulated" },
            trading: { use: "paper" },
            balances: { USD: "10000" },
          },
        });
      }
      const { data } = await createAutomation({
        body: {
          name: PLAY.automation,
          type: "dca",
          account: PLAY.account,
          budget: { USD: "5000" },
          config: { symbol: "BTC/USD", amount: "100", every: "1m", take_profit: "0.2" },
        },
      });
      return data;
    },
    async onSuccess(made) {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      await navigate({ to: "/automations/$automation", params: { automation: made.id } });
    },
  });
  const may = session?.scopes.includes("automations:write") && session.scopes.includes("accounts:write");
  return (
    <div className="page first">
      <section className="hero" aria-labelledby="h-f">
        <h1 id="h-f">Nothing trades yet</h1>
        <p className="lead">
          Begin with play money: an account with 10,000 USD on a simulated market, and an automation that buys Bitcoin
          for 100 USD each minute and sells whenever that gains 0.2 %. Nothing is sent to an exchange.
        </p>
        {may ? (
          <p className="go">
            <button
              className="btn primary big-b"
              type="button"
              disabled={begin.isPending}
              onClick={() => begin.mutate()}
            >
              {begin.isPending ? "Starting" : "Try with play money"}
            </button>
            <Link className="btn big-b" to="/new">
              Choose a type yourself
            </Link>
          </p>
        ) : (
          <p className="muted">You may look. A trader may create automations.</p>
        )}
        {begin.error && <Failure error={begin.error} />}
        <ul className="alt">
          <li>
            <b>Have a run file?</b>
            <span className="muted">
              <code>octobot-node automations create FILE</code> takes it as <code>octobot-node run</code> reads it.
            </span>
          </li>
        </ul>
      </section>
    </div>
  );
}
