import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useMemo, useState } from "react";
import { createAccount, createAutomation } from "@/api/client/sdk.gen";
import type { AccountRow, TypeDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { digitsOf } from "@/features/automation/digits";
import PriceChart from "@/features/automation/PriceChart";
import { candlesQuery } from "@/features/automation/queries";
import { typeName } from "@/features/automations/words";
import { accountsQuery } from "@/features/frame/queries";
import { useConnection } from "@/live/connection";
import { Failure, Loading } from "@/parts/States";
import ConfigForm from "./ConfigForm";
import { check, type FieldErrors } from "./check";
import { type Draft, forgetDraft, keepDraft, readDraft } from "./draft";
import { symbolsQuery, typeQuery } from "./queries";
import { filled, normalised, type Schema } from "./schema";

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
  const [draft, setDraft] = useState<Draft>(() => readDraft(detail.type));
  const [tried, setTried] = useState(false);
  const { state } = useConnection();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const account = accounts.find((each) => each.name === draft.account) ?? accounts[0] ?? null;
  const symbol = typeof draft.config["symbol"] === "string" ? draft.config["symbol"] : "";
  const [base = "", quote = ""] = symbol.split("/");
  const asset = draft.asset || quote || "USD";
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    setDraft(next);
    keepDraft(detail.type, next);
    create.reset();
  };
  const create = useMutation({
    mutationFn: async () =>
      (
        await createAutomation({
          body: {
            name: draft.name,
            type: detail.type,
            account: account?.name ?? "",
            budget: draft.budget ? { [asset]: draft.budget } : {},
            config: (filled(draft.config) ?? {}) as Record<string, unknown>,
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
  const told = useMemo(() => ofServer(create.error), [create.error]);
  const errors = { ...told, ...own };
  // What they say is what matters, not which object says it: the form is drawn anew for each one that it is given.
  const said = JSON.stringify(errors);
  const configErrors = useMemo(() => ofConfig(JSON.parse(said) as FieldErrors), [said]);
  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems(schema, draft)).length === 0 && account) create.mutate();
    else requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
  }
  const elsewhere = create.error !== null && Object.keys(told).length === 0;
  return (
    <div className="page make">
      <div className="page-head">
        <div>
          <p className="small muted crumb">
            <Link to="/new">‹ Every type</Link>
          </p>
          <h1>New {typeName(detail.type).toLowerCase() === "dca" ? "DCA" : typeName(detail.type).toLowerCase()}</h1>
          <p className="muted says">{detail.summary}</p>
        </div>
      </div>
      <form onSubmit={submit} noValidate aria-label={`New ${typeName(detail.type)}`}>
        <div className="fields">
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
          <button
            className="btn primary"
            type="submit"
            disabled={create.isPending || !account || state === "lost" || state === "signed-out"}
          >
            {create.isPending ? "Starting" : "Start"}
          </button>
          <Link className="btn" to="/new">
            Cancel
          </Link>
        </p>
      </form>
      <aside>
        <Market
          account={account?.name ?? ""}
          symbol={symbol}
          onPick={(picked) => change({ config: { ...draft.config, symbol: picked } })}
          asked={"symbol" in (schema.properties ?? {})}
        />
        <section className="blk" aria-labelledby="h-how">
          <div className="section-head">
            <h2 id="h-how">How it works</h2>
          </div>
          <p className="doc">{detail.documentation}</p>
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

function ofConfig(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([path, texts]) => (path.startsWith("config.") ? [[path.slice(7), texts]] : [])),
  );
}

/** What the node says against it, at the fields that it names. */
function ofServer(error: unknown): FieldErrors {
  if (!isProblem(error)) return {};
  const found: FieldErrors = {};
  for (const { field, reason } of error.fields) {
    const path = field.replace(/^body\./, "").replace(/^budget\..*/, "budget");
    found[path] = [...(found[path] ?? []), reason.charAt(0).toUpperCase() + reason.slice(1)];
  }
  return found;
}

interface LineProps {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

function Line({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: string;
  error?: string[] | undefined;
  children: (props: LineProps) => React.ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className={`input ${error ? "bad" : ""}`}>
        {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": Boolean(error) })}
      </div>
      <p className={`hint ${error ? "bad" : ""}`} id={`${id}-hint`}>
        {error ? error.join(" ") : hint}
      </p>
    </div>
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

/** The market that is typed, as it is; while it is typed, those whose names begin like that. */
function Market({
  account,
  symbol,
  asked,
  onPick,
}: {
  account: string;
  symbol: string;
  asked: boolean;
  onPick: (symbol: string) => void;
}) {
  const { data: symbols = [] } = useQuery(symbolsQuery(account, symbol.split("/")[0]?.toUpperCase() ?? ""));
  const known = symbols.some((each) => each.symbol === symbol);
  const candles = useQuery({ ...candlesQuery(account, symbol, "1h"), enabled: known });
  const drawn = useMemo(
    () =>
      candles.data?.candles.map(([at, open, high, low, close]) => ({ time: at / 1000, open, high, low, close })) ?? [],
    [candles.data],
  );
  if (!asked) return null;
  return (
    <section className="blk" aria-labelledby="h-market">
      <div className="section-head">
        <h2 id="h-market">{known ? symbol : "Markets"}</h2>
        {known && <span className="end">By the hour</span>}
      </div>
      {known && drawn.length > 0 ? (
        <PriceChart
          label={`${symbol} by the hour`}
          candles={drawn}
          marks={NOTHING}
          lines={NOTHING}
          equity={NOTHING}
          digits={digitsOf(drawn.at(-1)?.close ?? 1)}
        />
      ) : (
        <ul className="picks">
          {symbols.map((each) => (
            <li key={each.symbol}>
              <button className="btn small" type="button" onClick={() => onPick(each.symbol)}>
                {each.symbol}
              </button>
            </li>
          ))}
        </ul>
      )}
      {!known && symbols.length === 0 && (
        <p className="muted small none">No market of {account || "the account"} begins like that.</p>
      )}
    </section>
  );
}

const NOTHING: readonly never[] = [];
