import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { createAccount, createAutomation } from "@/api/client/sdk.gen";
import type { AccountRow, TypeDetail } from "@/api/client/types.gen";
import { accountsQuery } from "@/features/frame/queries";
import { useConnection } from "@/live/connection";
import { showWrong } from "@/parts/forms/showWrong";
import { useMerged } from "@/parts/forms/useMerged";
import { Failure, Loading } from "@/parts/States";
import ConfigForm from "./config/ConfigForm";
import { check, type FieldErrors } from "./config/check";
import { Line } from "./config/Line";
import { Market, Plan } from "./config/Preview";
import { filled, normalised, type Schema } from "./config/schema";
import { type Draft, forgetDraft, keepDraft, readDraft } from "./draft";
import { type PlanBody, planQuery, useSettled } from "./plan";
import { typeQuery } from "./queries";
import { ofConfig, ofServer } from "./told";
import { WithShadow } from "./WithShadow";

export default function NewAutomation({ type }: { type: string }) {
  const { data: detail, error, refetch } = useQuery(typeQuery(type));
  const { data: accounts } = useQuery(accountsQuery);
  if (!detail || !accounts) {
    return (
      <div className="page">
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the form" rows={8} />}
      </div>
    );
  }
  return <TypeForm detail={detail} accounts={accounts} />;
}

const AMOUNT = /^\d+(\.\d+)?$/;

function TypeForm({ detail, accounts }: { detail: TypeDetail; accounts: AccountRow[] }) {
  const schema = useMemo(() => normalised(detail.config as Schema), [detail.config]);
  const [draft, merge] = useMerged<Draft>(() => readDraft(detail.type));
  const [tried, setTried] = useState(false);
  const [shadow, setShadow] = useState(false);
  const { state } = useConnection();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const account = accounts.find((each) => each.name === draft.account) ?? accounts[0] ?? null;
  const symbol = typeof draft.config["symbol"] === "string" ? draft.config["symbol"] : "";
  const [base = "", quote = ""] = symbol.split("/");
  const asset = draft.asset || quote || "USD";
  const body: PlanBody = {
    account: account?.name ?? "",
    budget: AMOUNT.test(draft.budget) ? { [asset]: draft.budget } : {},
    config: (filled(draft.config) ?? {}) as Record<string, unknown>,
  };
  const settled = useSettled(body);
  const complete = Object.keys(problems(schema, { ...draft, name: "-" })).length === 0;
  const plan = useQuery(planQuery(detail.type, settled, complete && account !== null));
  const shownPlan = complete ? plan.data : undefined;
  const change = (part: Partial<Draft>) => {
    keepDraft(detail.type, merge(part));
    create.reset();
  };
  const create = useMutation({
    mutationFn: async (start: boolean) =>
      (
        await createAutomation({
          body: {
            ...{ ...body, name: draft.name, type: detail.type, start },
            shadow: shadow && account?.simulated === false,
          },
        })
      ).data,
    async onSuccess(made) {
      forgetDraft(detail.type);
      await queries.invalidateQueries({ queryKey: ["lists"] });
      await navigate({ to: "/automations/$automation", params: { automation: made.id } });
    },
  });
  const own: FieldErrors = tried ? problems(schema, draft) : {};
  const told = useMemo(
    () => ({ ...ofServer(shownPlan?.problem), ...ofServer(create.error) }),
    [shownPlan, create.error],
  );
  const errors = { ...told, ...own };
  // What they say is what matters, not which object says it: the form is drawn anew for each one that it is given.
  const said = JSON.stringify(errors);
  const configErrors = useMemo(() => ofConfig(JSON.parse(said) as FieldErrors), [said]);
  function submit(event: FormEvent): void {
    event.preventDefault();
    make(true);
  }
  function make(start: boolean): void {
    if (Object.keys(problems(schema, draft)).length === 0 && account) create.mutate(start);
    else showWrong(() => setTried(true));
  }
  const off = create.isPending || !account || state === "lost" || state === "signed-out";
  const elsewhere = create.error !== null && Object.keys(ofServer(create.error)).length === 0;
  return (
    <div className="page make">
      <div className="page-head">
        <div>
          <p className="small muted crumb">
            <Link to="/new">‹ Every type</Link>
          </p>
          <h1>New: {detail.title}</h1>
          <p className="muted says">{detail.summary}</p>
        </div>
      </div>
      <form onSubmit={submit} noValidate aria-label={`New ${detail.title}`}>
        <div className="fields">
          <Suggestions
            detail={detail}
            onTake={(config, budget) =>
              change({
                config: { ...draft.config, ...config },
                ...(budget ? { budget: budget.amount, asset: budget.asset } : {}),
              })
            }
          />
          <Line label="Name" error={errors["name"]} hint="What you call it; it is unique among yours.">
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                value={draft.name}
                maxLength={128}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Line>
          {accounts.length === 0 ? (
            <PlayAccount />
          ) : (
            <Line
              label="Account"
              error={errors["account"]}
              hint={
                account?.simulated ? "Play money: nothing is sent to an exchange." : "Live: it trades with real money."
              }
            >
              {(props) => (
                <select
                  {...props}
                  value={account?.name ?? ""}
                  onChange={(event) => change({ account: event.target.value })}
                >
                  {accounts.map((each) => (
                    <option key={each.id} value={each.name}>
                      {each.name}
                      {each.simulated ? ", play money" : ""}
                    </option>
                  ))}
                </select>
              )}
            </Line>
          )}
          <WithShadow account={account} on={shadow} onChange={setShadow} />
          <div className="two-in">
            <Line label="Budget" error={errors["budget"]} hint="All that it may ever spend.">
              {(props) => (
                <input
                  {...props}
                  inputMode="decimal"
                  autoComplete="off"
                  value={draft.budget}
                  placeholder="1000"
                  onChange={(event) => change({ budget: event.target.value.trim() })}
                />
              )}
            </Line>
            <Line label="Of asset">
              {(props) => (
                <input
                  {...props}
                  autoCapitalize="characters"
                  value={draft.asset}
                  placeholder={asset}
                  onChange={(event) => change({ asset: event.target.value.trim().toUpperCase() })}
                />
              )}
            </Line>
          </div>
        </div>
        <ConfigForm
          schema={schema}
          value={draft.config}
          errors={configErrors}
          context={{ base, quote }}
          onChange={(config) => change({ config })}
        />
        {elsewhere && <Failure error={create.error} />}
        <p className="go">
          <button className="btn primary" type="submit" disabled={off}>
            {create.isPending ? "Starting" : "Start"}
          </button>
          <button className="btn" type="button" disabled={off} onClick={() => make(false)}>
            Create paused
          </button>
          <Link className="btn quiet" to="/new">
            Cancel
          </Link>
        </p>
      </form>
      <aside>
        {"symbol" in (schema.properties ?? {}) && (
          <Market
            type={detail.type}
            account={account?.name ?? ""}
            symbol={symbol}
            schema={schema}
            config={draft.config}
            plan={shownPlan}
            onPick={(picked) => change({ config: { ...draft.config, symbol: picked } })}
          />
        )}
        <Plan plan={shownPlan} busy={plan.isFetching} />
        <section className="blk" aria-labelledby="h-how">
          <div className="section-head">
            <h2 id="h-how">How it works</h2>
            {detail.risk && <span className="end">Risk: {detail.risk}</span>}
          </div>
          <p className="doc">{words(detail.text || detail.documentation)}</p>
          {detail.risk_text && <p className="doc muted">{detail.risk_text}</p>}
        </section>
      </aside>
    </div>
  );
}

function problems(schema: Schema, draft: Draft): FieldErrors {
  const found: FieldErrors = {};
  if (!draft.name.trim()) found["name"] = ["Give it a name."];
  if (draft.budget && !AMOUNT.test(draft.budget))
    found["budget"] = ["Write a number, with a point and without signs for thousands."];
  // What is left out of a config that needs something is asked for, too.
  for (const [path, texts] of Object.entries(check(schema, draft.config))) found[`config.${path}`] = texts;
  if (filled(draft.config) === undefined) {
    for (const name of schema.required ?? []) found[`config.${name}`] = ["This is needed."];
  }
  return found;
}

/** Markdown of authors, as far as it is words: emphasis and code are marks for the eye alone. */
function words(text: string): string {
  return text
    .replace(/(\*\*|__|`)/g, "")
    .replace(/([^\n])\n(?!\n)/g, "$1 ")
    .trim();
}

/** What its author suggests: values for the form, which one may change before anything starts. */
function Suggestions({
  detail,
  onTake,
}: {
  detail: TypeDetail;
  onTake: (config: Record<string, unknown>, budget: { asset: string; amount: string } | null) => void;
}) {
  const offered = [
    ...detail.examples.map((each) => ({ ...each, budget: Object.entries(each.budget)[0] ?? null })),
    ...detail.presets.map((each) => ({ ...each, budget: null })),
  ];
  if (offered.length === 0) return null;
  return (
    <section aria-label="Suggestions" className="suggest">
      {offered.map((each) => (
        <button
          key={each.title}
          className="btn small"
          type="button"
          title={each.text}
          onClick={() => onTake(each.config, each.budget && { asset: each.budget[0], amount: each.budget[1] })}
        >
          {each.title}
        </button>
      ))}
    </section>
  );
}

function PlayAccount() {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      createAccount({
        body: {
          name: "play-money",
          market_data: { use: "simulated" },
          trading: { use: "paper" },
          balances: { USD: "10000" },
        },
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["lists"] }),
  });
  return (
    <div className="note">
      <div className="grow">
        <p>
          <b>There is no account yet.</b> Begin with play money: 10,000 USD on a simulated market.
        </p>
        {make.error && <Failure error={make.error} />}
      </div>
      <button className="btn small" type="button" disabled={make.isPending} onClick={() => make.mutate()}>
        Make one
      </button>
    </div>
  );
}
