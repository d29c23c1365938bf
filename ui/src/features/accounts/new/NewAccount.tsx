import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { createAccount } from "@/api/client/sdk.gen";
import type { ExchangeRow, SourceRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { type AccountDraft, bodyOf, plainSettings, secretsOf, wrongWith } from "@/features/accounts/body";
import { isPartOf, offersOf, placeOf, pricesOf } from "@/features/accounts/offers";
import { exchangesQuery, sourcesQuery } from "@/features/accounts/queries";
import ConfigForm from "@/features/new/config/ConfigForm";
import { check, type FieldErrors } from "@/features/new/config/check";
import { normalised, type Schema } from "@/features/new/config/schema";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Line } from "@/parts/forms/Line";
import { showWrong } from "@/parts/forms/showWrong";
import { useMerged } from "@/parts/forms/useMerged";
import { Empty, Failure, Loading } from "@/parts/States";
import { Fold, Guarantee, Limits, Money, Routes } from "./AccountFields";

export default function NewAccount({ kind }: { kind: "paper" | undefined }) {
  const { data: session } = useQuery(sessionQuery);
  const { data: exchanges, error: one, refetch: again } = useQuery(exchangesQuery);
  const { data: sources, error: other, refetch: anew } = useQuery(sourcesQuery);
  if (session && !session.scopes.includes("accounts:write")) {
    return (
      <div className="page">
        <Empty title="You may look">A trader may add accounts. Ask an admin for that role.</Empty>
      </div>
    );
  }
  if (!exchanges || !sources) {
    const error = one ?? other;
    return (
      <div className="page">
        {error ? (
          <Failure
            error={error}
            onRetry={() => {
              void again();
              void anew();
            }}
          />
        ) : (
          <Loading what="the form" rows={8} />
        )}
      </div>
    );
  }
  return <AccountForm exchanges={exchanges} sources={sources} kind={kind} />;
}

function nameOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function AccountForm({
  exchanges,
  sources,
  kind,
}: {
  exchanges: readonly ExchangeRow[];
  sources: readonly SourceRow[];
  kind: "paper" | undefined;
}) {
  const first = exchanges.find((each) => (kind === "paper" ? each.simulated : !each.simulated)) ?? exchanges[0];
  const offered = kind === "paper" ? undefined : first?.offers[0];
  const sourceFor = (exchange: string) =>
    sources.find((each) => each.name === exchange) ?? sources.find((each) => each.name !== "simulated") ?? sources[0];
  const [draft, merge] = useMerged<AccountDraft>({
    name: "",
    trading: first?.name ?? "",
    market_data: sourceFor(first?.name ?? "")?.name ?? "",
    offer: offered?.name ?? "",
    trading_settings: offered?.settings ?? {},
    market_settings: offered ? pricesOf(offered) : {},
    purse: [{ asset: "USD", amount: "10000" }],
    egress: "",
    market_data_egress: "",
    limits: {},
    observes: true,
  });
  const [tried, setTried] = useState(false);
  const { state } = useConnection();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const exchange = exchanges.find((each) => each.name === draft.trading);
  const offer = exchange?.offers.find((each) => each.name === draft.offer);
  const source = sources.find((each) => each.name === draft.market_data);
  const trading = useSettings(exchange?.settings, offer?.settings);
  const priced = useMemo(
    () =>
      exchanges
        .flatMap((each) => each.offers)
        .find(
          (each) => each.market_data["use"] === draft.market_data && isPartOf(pricesOf(each), draft.market_settings),
        ),
    [exchanges, draft.market_data, draft.market_settings],
  );
  const prices = useMemo(() => (priced ? pricesOf(priced) : NOTHING), [priced]);
  const market = useSettings(source?.settings, prices);
  const simulated = exchange?.simulated ?? false;
  // Of an exchange that is known it is known, too, which it wants.
  const secrets = trading.secrets.filter(
    (name) => !offer || trading.neededSecrets.includes(name) || offer.needs.includes(name),
  );
  const change = (part: Partial<AccountDraft>) => {
    merge(part);
    create.reset();
  };
  const create = useMutation({
    mutationFn: async () => (await createAccount({ body: bodyOf(draft, simulated) })).data,
    async onSuccess(made) {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      await navigate({ to: "/accounts/$account", params: { account: made.id } });
    },
  });
  function wrong(): FieldErrors {
    return {
      ...wrongWith(draft, [...trading.neededSecrets, ...(offer?.needs ?? [])], simulated),
      ...under("trading", check(trading.form, draft.trading_settings)),
      ...under("market_data", check(market.form, draft.market_settings)),
    };
  }
  const told = useMemo(() => ofServer(create.error), [create.error]);
  const errors: FieldErrors = { ...told, ...(tried ? wrong() : {}) };
  const said = JSON.stringify(errors);
  const tradingErrors = useMemo(() => only("trading", JSON.parse(said) as FieldErrors), [said]);
  const marketErrors = useMemo(() => only("market_data", JSON.parse(said) as FieldErrors), [said]);
  const shown = (field: string) => errors[field]?.join(" ");
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (Object.keys(wrong()).length === 0) create.mutate();
    else showWrong(() => setTried(true));
  }
  const placed = new Set(Object.keys(told).filter((field) => SHOWN.test(field)));
  const elsewhere = create.error !== null && placed.size === 0;
  return (
    <form className="page account-form" onSubmit={submit} noValidate aria-label="New account">
      <div className="page-head">
        <div>
          <p className="small muted crumb">
            <Link to="/accounts">‹ Accounts</Link>
          </p>
          <h1>Add an account</h1>
        </div>
      </div>
      <div className="fields">
        <Line label="Name" error={shown("name")} hint="What you call it; it is unique among yours.">
          {(props) => (
            <input
              {...props}
              autoComplete="off"
              maxLength={128}
              value={draft.name}
              onChange={(event) => change({ name: event.target.value })}
            />
          )}
        </Line>
        <Line
          label="Orders go to"
          error={shown("trading")}
          hint={
            simulated
              ? "Play money: nothing leaves this machine."
              : "Live: it trades with real money, with keys that you give it."
          }
        >
          {(props) => (
            <select
              {...props}
              value={placeOf(draft.trading, draft.offer)}
              onChange={(event) => {
                const [use = "", name = ""] = event.target.value.split(" ");
                const chosen = exchanges.find((each) => each.name === use)?.offers.find((each) => each.name === name);
                change({
                  trading: use,
                  offer: name,
                  trading_settings: chosen?.settings ?? {},
                  market_data: chosen ? String(chosen.market_data["use"]) : (sourceFor(use)?.name ?? ""),
                  market_settings: chosen ? pricesOf(chosen) : {},
                });
              }}
            >
              {exchanges
                .filter((each) => each.offers.length === 0)
                .map((each) => (
                  <option key={each.name} value={placeOf(each.name, "")}>
                    {nameOf(each.name)}
                    {each.simulated ? ", play money" : ""}
                  </option>
                ))}
              {exchanges
                .filter((each) => each.offers.length > 0)
                .map((each) => (
                  <optgroup key={each.name} label="Real exchanges">
                    {each.offers.map((one) => (
                      <option key={one.name} value={placeOf(each.name, one.name)}>
                        {one.title}
                      </option>
                    ))}
                    <option value={placeOf(each.name, "")}>Another one, by its name</option>
                  </optgroup>
                ))}
            </select>
          )}
        </Line>
        {!simulated && (offer || (exchange?.offers.length ?? 0) > 0) && <Guarantee of={offer} />}
        {secrets.map((name) => (
          <Line
            key={name}
            label={trading.titleOf(name)}
            hint={trading.hintOf(name)}
            error={shown(`trading.${name}`)}
            optional={!trading.neededSecrets.includes(name) && !offer?.needs.includes(name)}
          >
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="off"
                spellCheck={false}
                value={String(draft.trading_settings[name] ?? "")}
                onChange={(event) =>
                  change({ trading_settings: { ...draft.trading_settings, [name]: event.target.value.trim() } })
                }
              />
            )}
          </Line>
        ))}
        {trading.secrets.length > 0 && (
          <p className="hint muted">
            They are sealed where they are kept, never shown again, and in no log. Give a key that may trade and not
            withdraw.
          </p>
        )}
        <Line
          label="Prices of"
          error={shown("market_data")}
          hint={draft.market_data === "simulated" ? "A market that is made up: good to try things out." : undefined}
        >
          {(props) => (
            <select
              {...props}
              value={placeOf(draft.market_data, priced?.name ?? "")}
              onChange={(event) => {
                const [use = "", name = ""] = event.target.value.split(" ");
                const chosen = exchanges.flatMap((each) => each.offers).find((each) => each.name === name);
                change({ market_data: use, market_settings: chosen ? pricesOf(chosen) : {} });
              }}
            >
              {sources
                .filter((each) => !offersOf(exchanges, each.name).length)
                .map((each) => (
                  <option key={each.name} value={placeOf(each.name, "")}>
                    {nameOf(each.name)}
                  </option>
                ))}
              {sources
                .filter((each) => offersOf(exchanges, each.name).length)
                .map((each) => (
                  <optgroup key={each.name} label="Real exchanges">
                    {offersOf(exchanges, each.name).map((one) => (
                      <option key={one.name} value={placeOf(each.name, one.name)}>
                        {one.title}
                      </option>
                    ))}
                    <option value={placeOf(each.name, "")}>Another one, by its name</option>
                  </optgroup>
                ))}
            </select>
          )}
        </Line>
        {simulated && <Money purse={draft.purse} errors={errors} onChange={(purse) => change({ purse })} />}
        <Fold
          title={`Settings of ${offer?.title ?? nameOf(draft.trading)}`}
          schema={trading.form}
          open={hasErrors(tradingErrors)}
        >
          <ConfigForm
            schema={trading.form}
            value={draft.trading_settings}
            errors={tradingErrors}
            context={NO_MARKET}
            onChange={(value) =>
              change({
                trading_settings: { ...offer?.settings, ...value, ...pick(draft.trading_settings, trading.secrets) },
              })
            }
          />
        </Fold>
        <Fold title={`Settings of its prices`} schema={market.form} open={hasErrors(marketErrors)}>
          <ConfigForm
            schema={market.form}
            value={draft.market_settings}
            errors={marketErrors}
            context={NO_MARKET}
            onChange={(value) => change({ market_settings: { ...prices, ...value } })}
          />
        </Fold>
        <Routes draft={draft} shown={shown} onChange={change} />
        {!simulated && (
          <label className="opt">
            <input
              className="check"
              type="checkbox"
              checked={draft.observes}
              onChange={(event) => change({ observes: event.target.checked })}
            />
            <span>
              Only observe at first: what its automations decide is written down, and nothing is sent until it goes live
            </span>
          </label>
        )}
        <Limits limits={draft.limits} shown={shown} onChange={(limits) => change({ limits })} />
        {elsewhere && <Failure error={create.error} />}
        <p className="go">
          <button
            className="btn primary"
            type="submit"
            disabled={create.isPending || state === "lost" || state === "signed-out"}
          >
            {create.isPending ? "Adding" : "Add it"}
          </button>
          <Link className="btn quiet" to="/accounts">
            Cancel
          </Link>
        </p>
      </div>
    </form>
  );
}

const NO_MARKET = { base: "", quote: "" };
const SHOWN = /^(name|trading|market_data|limits|purse|egress)/;

interface Settings {
  form: Schema;
  secrets: string[];
  neededSecrets: string[];
  titleOf: (name: string) => string;
  hintOf: (name: string) => string;
}

/** The settings of a connector for the form; what is settled by the choice of an exchange is not asked for. */
function useSettings(given: Record<string, unknown> | undefined, settled: Record<string, unknown> = NOTHING): Settings {
  return useMemo(() => {
    const schema = without((given ?? { type: "object", properties: {} }) as Schema, Object.keys(settled));
    const all = normalised(schema);
    const secrets = secretsOf(schema);
    const of = (name: string) => (all.properties?.[name] ?? {}) as Schema;
    return {
      form: normalised(plainSettings(schema)),
      secrets,
      neededSecrets: secrets.filter((name) => (schema.required ?? []).includes(name)),
      titleOf: (name) => of(name).title ?? name,
      hintOf: (name) => of(name).description ?? "",
    };
  }, [given, settled]);
}

const NOTHING: Record<string, unknown> = {};

function without(schema: Schema, names: readonly string[]): Schema {
  const properties = Object.fromEntries(
    Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name)),
  );
  return { ...schema, properties, required: (schema.required ?? []).filter((name) => !names.includes(name)) };
}

function under(section: string, errors: FieldErrors): FieldErrors {
  return Object.fromEntries(Object.entries(errors).map(([path, texts]) => [`${section}.${path}`, texts]));
}

function only(section: string, errors: FieldErrors): FieldErrors {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([path, texts]) =>
      path.startsWith(`${section}.`) ? [[path.slice(section.length + 1), texts]] : [],
    ),
  );
}

function hasErrors(errors: FieldErrors): boolean {
  return Object.keys(errors).length > 0;
}

function pick(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (name in from ? [[name, from[name]]] : [])));
}

function ofServer(error: unknown): FieldErrors {
  if (!isProblem(error)) return {};
  const found: FieldErrors = {};
  for (const { field, reason } of error.fields) {
    const path = field.replace(/^body\./, "").replace(/^balances(\..*)?$/, "purse.0");
    found[path] = [...(found[path] ?? []), reason.charAt(0).toUpperCase() + reason.slice(1)];
  }
  return found;
}
