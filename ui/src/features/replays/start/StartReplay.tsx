import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import { listAutomations, readAutomation, readReplay, startReplay } from "@/api/client/sdk.gen";
import type { TypeDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { typesQuery } from "@/features/automations/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import ConfigForm from "@/features/new/config/ConfigForm";
import { check, type FieldErrors } from "@/features/new/config/check";
import { filled, normalised, type Schema } from "@/features/new/config/schema";
import { typeQuery } from "@/features/new/queries";
import { candleSetsQuery } from "@/features/replays/queries";
import { useConnection } from "@/live/connection";
import { Line } from "@/parts/forms/Line";
import { Segments } from "@/parts/forms/Segments";
import { showWrong } from "@/parts/forms/showWrong";
import { useMerged } from "@/parts/forms/useMerged";
import { Failure, Loading } from "@/parts/States";
import { Candles } from "./Candles";
import {
  assetOf,
  bodyOf,
  draftOf,
  keepReplayDraft,
  type ReplayDraft,
  readReplayDraft,
  replayedOf,
  wrongWith,
} from "./draft";

export interface From {
  type?: string;
  automation?: string;
  again?: string;
}

/** What is replayed, on which candles, with which costs. */
export default function StartReplay({ from }: { from: From }) {
  const begun = useQuery(draftQuery(from));
  // The candles stand above the rest of the form, which must not move as they come.
  const sets = useQuery(candleSetsQuery);
  if (begun.error || !begun.data || sets.isPending) {
    return (
      <div className="page">
        {begun.error ? (
          <Failure error={begun.error} onRetry={() => void begun.refetch()} />
        ) : (
          <Loading what="the form" rows={8} />
        )}
      </div>
    );
  }
  return <StartForm first={begun.data} key={JSON.stringify(from)} />;
}

/** What the form begins with: what was typed before, an automation's config, or that of another replay. */
function draftQuery({ type, automation, again }: From) {
  return {
    queryKey: ["replay-draft", type ?? "", automation ?? "", again ?? ""],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    async queryFn(): Promise<ReplayDraft> {
      if (automation) {
        const { data } = await readAutomation({ path: { automation } });
        return draftOf({ type: data.type, config: data.config, budget: data.budget });
      }
      if (again) {
        const { data } = await readReplay({ path: { replay: again } });
        const of = replayedOf(data);
        if (of) return draftOf(of, { candles: Object.values(data.candles), notes: data.notes });
      }
      const kept = readReplayDraft();
      return type && type !== kept.type ? { ...kept, type, config: {} } : kept;
    },
  };
}

function StartForm({ first }: { first: ReplayDraft }) {
  const [draft, merge] = useMerged(first);
  const nameOf = useTypeNames();
  const [tried, setTried] = useState(false);
  const { data: types } = useQuery(typesQuery);
  const { data: detail, error, refetch } = useQuery({ ...typeQuery(draft.type), enabled: draft.type !== "" });
  const schema = useMemo(() => (detail ? normalised(detail.config as Schema) : null), [detail]);
  const { state } = useConnection();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const symbol = typeof draft.config["symbol"] === "string" ? draft.config["symbol"] : "";
  const [base = "", quote = ""] = symbol.split("/");
  const change = (part: Partial<ReplayDraft>) => {
    keepReplayDraft(merge(part));
    start.reset();
  };
  const start = useMutation({
    mutationFn: async () => (await startReplay({ body: bodyOf(draft) })).data,
    async onSuccess(made) {
      keepReplayDraft(null);
      await queries.invalidateQueries({ queryKey: ["replays"] });
      await navigate({ to: "/replays/$replay", params: { replay: made.id } });
    },
  });
  const own: FieldErrors = tried ? problems(schema, draft) : {};
  const told = useMemo(() => ofServer(start.error), [start.error]);
  const errors = { ...told, ...own };
  const said = JSON.stringify(errors);
  const configErrors = useMemo(() => ofConfig(JSON.parse(said) as FieldErrors), [said]);
  const shown = (field: string) => errors[field]?.join(" ");
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (Object.keys(problems(schema, draft)).length === 0 && detail) start.mutate();
    else showWrong(() => setTried(true));
  }
  const elsewhere = start.error !== null && Object.keys(told).length === 0;
  return (
    <form className="page make replay-form" onSubmit={submit} noValidate aria-label="New replay">
      <div className="page-head">
        <div>
          <p className="small muted crumb">
            <Link to="/replays">‹ Replays</Link>
          </p>
          <h1>New replay</h1>
          <p className="muted says">What it would have done. Nothing is sent to an exchange.</p>
        </div>
      </div>
      <div className="fields what">
        <What draft={draft} onTake={change} />
        <Line label="Type">
          {(props) => (
            <select
              {...props}
              value={draft.type}
              onChange={(event) => change({ type: event.target.value, config: {} })}
            >
              <option value="">Choose one</option>
              {types?.map((each) => (
                <option key={each.type} value={each.type}>
                  {each.title}
                </option>
              ))}
            </select>
          )}
        </Line>
        {detail && <Examples detail={detail} onTake={change} />}
        <div className="two-in">
          <Line label="Money to begin with" error={shown("budget")} hint="All that it may ever spend.">
            {(props) => (
              <input
                {...props}
                inputMode="decimal"
                autoComplete="off"
                placeholder="1000"
                value={draft.budget}
                onChange={(event) => change({ budget: event.target.value.trim() })}
              />
            )}
          </Line>
          <Line label="Of asset">
            {(props) => (
              <input
                {...props}
                autoCapitalize="characters"
                placeholder={assetOf(draft)}
                value={draft.asset}
                onChange={(event) => change({ asset: event.target.value.trim().toUpperCase() })}
              />
            )}
          </Line>
        </div>
        {error && <Failure error={error} onRetry={() => void refetch()} />}
        {schema && (
          <ConfigForm
            schema={schema}
            value={draft.config}
            errors={configErrors}
            context={{ base, quote }}
            onChange={(config) => change({ config })}
          />
        )}
      </div>
      <div className="fields on-what">
        <Candles
          chosen={draft.candles}
          symbol={symbol}
          error={shown("candles")}
          onChoose={(candles) => change({ candles })}
        />
        <fieldset className="part">
          <legend className="label">Period, UTC</legend>
          <div className="two-eq">
            <Line label="From" optional error={shown("start")} hint="Empty: from the first candle.">
              {(props) => (
                <input
                  {...props}
                  type="datetime-local"
                  value={draft.start}
                  onChange={(event) => change({ start: event.target.value })}
                />
              )}
            </Line>
            <Line label="Until" optional error={shown("end")} hint="Empty: to the last one.">
              {(props) => (
                <input
                  {...props}
                  type="datetime-local"
                  value={draft.end}
                  onChange={(event) => change({ end: event.target.value })}
                />
              )}
            </Line>
          </div>
        </fieldset>
        <Costs draft={draft} shown={shown} onChange={change} />
        <Line label="Name" optional error={shown("name")}>
          {(props) => (
            <input
              {...props}
              autoComplete="off"
              maxLength={128}
              placeholder={`${draft.type ? nameOf(draft.type) : "Type"} on its candles`}
              value={draft.name}
              onChange={(event) => change({ name: event.target.value })}
            />
          )}
        </Line>
        <Line label="Notes" optional hint="What you want to find out, for when you compare it later.">
          {(props) => (
            <input {...props} value={draft.notes} onChange={(event) => change({ notes: event.target.value })} />
          )}
        </Line>
        {elsewhere && <Failure error={start.error} />}
        <p className="go">
          <button
            className="btn primary"
            type="submit"
            disabled={!detail || start.isPending || state === "lost" || state === "signed-out"}
          >
            {start.isPending ? "Starting" : "Start the replay"}
          </button>
          <Link className="btn quiet" to="/replays">
            Cancel
          </Link>
        </p>
      </div>
    </form>
  );
}

function problems(schema: Schema | null, draft: ReplayDraft): FieldErrors {
  const found = wrongWith(draft);
  if (!schema) return found;
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

const FIELDS = /^(config\.|candles|budget|name|start|end|taker_fee|maker_fee|slippage|volume_share)/;

/** What the node says against it, at the fields that it names; what is at no field of the form is told below. */
function ofServer(error: unknown): FieldErrors {
  if (!isProblem(error)) return {};
  const found: FieldErrors = {};
  for (const { field, reason } of error.fields) {
    const path = field.replace(/^body\./, "").replace(/^(budget|candles)\..*/, "$1");
    if (!FIELDS.test(path)) continue;
    found[path] = [...(found[path] ?? []), reason.charAt(0).toUpperCase() + reason.slice(1)];
  }
  return found;
}

/** Where its config comes from: written here, or what an automation does now. */
function What({ draft, onTake }: { draft: ReplayDraft; onTake: (part: Partial<ReplayDraft>) => void }) {
  const [how, setHow] = useState<"type" | "automation">("type");
  const nameOf = useTypeNames();
  const [search, setSearch] = useState("");
  const found = useQuery({
    queryKey: ["lists", "automations", "of-replay", search],
    enabled: how === "automation",
    queryFn: async () =>
      (await listAutomations({ query: { limit: 8, ...(search ? { search } : {}) } })).data.automations,
  });
  const take = useMutation({
    mutationFn: async (id: string) => (await readAutomation({ path: { automation: id } })).data,
    onSuccess(data) {
      const of = draftOf({ type: data.type, config: data.config, budget: data.budget });
      onTake({ type: of.type, config: of.config, budget: of.budget, asset: of.asset });
      setHow("type");
    },
  });
  useEffect(() => {
    if (draft.type !== "") setHow("type");
  }, [draft.type]);
  return (
    <div className="field">
      <Segments
        label="What is replayed"
        value={how}
        choices={[
          { value: "type", label: "A type" },
          { value: "automation", label: "One of my automations" },
        ]}
        onChange={setHow}
      />
      {how === "automation" && (
        <>
          <Line label="Which" hint="Its config and budget are taken over; you may change them here.">
            {(props) => (
              <input
                {...props}
                type="search"
                placeholder="Its name"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            )}
          </Line>
          {found.data?.length === 0 && <p className="muted none">None is called so.</p>}
          <ul className="picklist">
            {found.data?.map((each) => (
              <li key={each.id}>
                <button type="button" disabled={take.isPending} onClick={() => take.mutate(each.id)}>
                  <b>{each.name}</b>
                  <span className="muted">
                    {nameOf(each.type)} on {each.symbols.slice(0, 3).join(", ")}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {take.error && <Failure error={take.error} />}
        </>
      )}
    </div>
  );
}

/** What its author suggests, as on the page of a new automation. */
function Examples({ detail, onTake }: { detail: TypeDetail; onTake: (part: Partial<ReplayDraft>) => void }) {
  if (detail.examples.length === 0) return null;
  return (
    <section aria-label="Suggestions" className="suggest">
      {detail.examples.map((each) => {
        const [money] = Object.entries(each.budget);
        return (
          <button
            key={each.title}
            className="btn small"
            type="button"
            title={each.text}
            onClick={() => onTake({ config: each.config, ...(money ? { asset: money[0], budget: money[1] } : {}) })}
          >
            {each.title}
          </button>
        );
      })}
    </section>
  );
}

function Costs({
  draft,
  shown,
  onChange,
}: {
  draft: ReplayDraft;
  shown: (field: string) => string | undefined;
  onChange: (part: Partial<ReplayDraft>) => void;
}) {
  const fields = [
    ["taker_fee", "Fee of orders that take", "Empty: as the market has it."],
    ["maker_fee", "Fee of orders that rest", "Empty: as the market has it."],
    ["slippage", "Slippage", "How much worse market and stop orders fill."],
    ["volume_share", "Part of a candle’s volume", "An order fills only in a candle of whose volume it is less."],
  ] as const;
  return (
    <details className="fold" open={fields.some(([name]) => draft[name] !== "")}>
      <summary>
        Costs and fills <span className="faint">optional</span>
      </summary>
      <div className="fields">
        {fields.map(([name, label, hint]) => (
          <Line key={name} label={label} hint={hint} error={shown(name)} suffix="%">
            {(props) => (
              <input
                {...props}
                inputMode="decimal"
                autoComplete="off"
                value={draft[name]}
                onChange={(event) => onChange({ [name]: event.target.value.trim() })}
              />
            )}
          </Line>
        ))}
      </div>
    </details>
  );
}
