import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useMemo, useState } from "react";
import { editAutomation } from "@/api/client/sdk.gen";
import type { TypeDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import type { AutomationDetail } from "@/features/automation/queries";
import ConfigForm from "@/features/new/config/ConfigForm";
import { check, type FieldErrors } from "@/features/new/config/check";
import { Line } from "@/features/new/config/Line";
import { Market, Plan } from "@/features/new/config/Preview";
import { filled, normalised, type Schema } from "@/features/new/config/schema";
import { useSettled } from "@/features/new/plan";
import { typeQuery } from "@/features/new/queries";
import { ofConfig, ofServer } from "@/features/new/told";
import { useConnection } from "@/live/connection";
import { showWrong } from "@/parts/forms/showWrong";
import { Failure, Loading } from "@/parts/States";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";
import { Conflict } from "./Conflict";
import {
  type Config,
  changesOf,
  choices,
  differences,
  type Edit,
  type Editable,
  editable,
  forgetEdit,
  keepEdit,
  merged,
  readEdit,
  same,
  type Told,
} from "./editing";
import { LIMITS, Limits, limitProblems } from "./Limits";
import { planEditQuery } from "./queries";

/** The form of a config that there is, with what the edit would bring beside it while one types. */
export default function EditConfig({ detail, etag }: { detail: AutomationDetail; etag: string | null }) {
  const { data: type, error, refetch } = useQuery(typeQuery(detail.type));
  if (!type)
    return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the form" rows={8} />;
  return <EditForm detail={detail} etag={etag ?? `"${detail.revision}"`} type={type} />;
}

function EditForm({ detail, etag, type }: { detail: AutomationDetail; etag: string; type: TypeDetail }) {
  const schema = useMemo(() => normalised(type.config as Schema), [type.config]);
  const now = useMemo(() => editable(detail, schema), [detail, schema]);
  const [edit, setEdit] = useState<Edit>(() => {
    const kept = readEdit(detail.id);
    return kept && Object.keys(changesOf(kept, schema)).length > 0
      ? kept
      : { base: now, etag, mine: structuredClone(now) };
  });
  const [tried, setTried] = useState(false);
  const [theirs, setTheirs] = useState<{ now: Editable; etag: string } | null>(null);
  const { state } = useConnection();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { base, mine } = edit;
  const changes = changesOf(edit, schema);
  const settled = useSettled((changes["changes"] as Config | undefined) ?? {});
  const own = problems(schema, mine);
  const complete = !Object.keys(own).some((path) => path.startsWith("config"));
  const plan = useQuery(planEditQuery(detail.id, settled, complete && Object.keys(settled).length > 0));
  const planned = complete && Object.keys(settled).length > 0 ? plan.data : undefined;

  const keep = (next: Edit) => {
    setEdit(next);
    keepEdit(detail.id, next);
  };
  const change = (part: Partial<Editable>) => {
    save.reset();
    keep({ ...edit, mine: { ...mine, ...part } });
  };
  const leave = () => {
    forgetEdit(detail.id);
    void navigate({
      to: "/automations/$automation",
      params: { automation: detail.id },
      search: { tab: "config" },
      replace: true,
    });
  };
  const save = useMutation({
    mutationFn: (given: Edit) => saved(detail.id, given, schema),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      void queries.invalidateQueries({ queryKey: ["lists"] });
      leave();
    },
    onError(error) {
      const standing = standingOf(error, schema, base.tags);
      if (standing) setTheirs(standing);
    },
  });
  const errors: FieldErrors = {
    ...ofServer(planned?.problem),
    ...ofServer(standingOf(save.error, schema, []) ? null : save.error),
    ...(tried ? own : typed(own, changes)),
  };
  // What they say is what matters, not which object says it: the form is drawn anew for each one that it is given.
  const said = JSON.stringify(errors);
  const configErrors = useMemo(() => ofConfig(JSON.parse(said) as FieldErrors), [said]);
  const symbol = typeof mine.config["symbol"] === "string" ? mine.config["symbol"] : "";
  const [baseAsset = "", quote = ""] = symbol.split("/");
  const holds = detail.positions.some((each) => sign(each.amount) !== 0);
  const touched = Object.keys(changes).length > 0;
  const overtaken = !same(now, base);
  const off = save.isPending || !touched || state === "lost" || state === "signed-out";
  const elsewhere =
    save.error !== null &&
    !isProblem(save.error, "changed-meanwhile") &&
    Object.keys(ofServer(save.error)).length === 0;

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (Object.keys(own).length === 0) save.mutate(edit);
    else showWrong(() => setTried(true));
  }
  return (
    <div className="make edit">
      <form onSubmit={submit} noValidate aria-label={`Edit ${detail.name}`}>
        {overtaken && (
          <div className="note warn" role="status">
            <div className="grow">
              <p>
                <b>It was changed since you began.</b> What you typed is kept; nothing is overwritten unseen.
              </p>
            </div>
            <button className="btn small" type="button" onClick={() => setTheirs({ now, etag })}>
              Compare…
            </button>
          </div>
        )}
        <div className="fields">
          <Line label="Name" error={errors["name"]} hint="What you call it; it is unique among yours.">
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                value={mine.name}
                maxLength={128}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Line>
        </div>
        <ConfigForm
          schema={schema}
          value={mine.config}
          errors={configErrors}
          context={{ base: baseAsset, quote }}
          onChange={(config) => change({ config })}
        />
        <Limits
          value={mine.limits}
          errors={errors}
          open={LIMITS.some(({ name }) => mine.limits[name] !== undefined)}
          onChange={(limits) => change({ limits })}
        />
        <Line label="Tags" error={errors["tags"]} hint="Words that it is found by, with commas between them.">
          {(props) => (
            <input
              {...props}
              autoComplete="off"
              defaultValue={mine.tags.join(", ")}
              onBlur={(event) =>
                change({
                  tags: event.target.value
                    .split(",")
                    .map((each) => each.trim())
                    .filter(Boolean),
                })
              }
            />
          )}
        </Line>
        {elsewhere && <Failure error={save.error} />}
        <p className="go stay">
          <button className="btn primary" type="submit" disabled={off}>
            {save.isPending ? "Saving" : "Save"}
          </button>
          <button className="btn quiet" type="button" onClick={leave}>
            {touched ? "Throw away" : "Cancel"}
          </button>
          <span className="small muted">{touched ? counted(edit) : "Nothing is changed yet."}</span>
        </p>
      </form>
      <aside>
        {"symbol" in (schema.properties ?? {}) && (
          <Market
            // What a new one would do from the last price says nothing of one that holds something.
            type={holds ? "" : detail.type}
            account={detail.account}
            symbol={symbol}
            schema={schema}
            config={mine.config}
            plan={planned}
            onPick={(picked) => change({ config: { ...mine.config, symbol: picked } })}
          />
        )}
        {touched && changes["changes"] !== undefined && (
          <p className="small muted after">
            {type.live_edit
              ? "Its orders stay until it decides, which it does at once when you save."
              : `Its ${detail.orders.length} orders are cancelled when you save; then it decides.`}
          </p>
        )}
        <Plan
          plan={planned}
          busy={plan.isFetching}
          waiting="What you change is planned here, from where it stands now: what it would order, and take back."
        />
      </aside>
      {theirs && (
        <Conflict
          detail={detail}
          choices={choices(base, mine, theirs.now)}
          busy={save.isPending}
          error={isProblem(save.error, "changed-meanwhile") ? null : save.error}
          onClose={() => setTheirs(null)}
          onTake={(kept, andSave) => {
            const next: Edit = { base: theirs.now, etag: theirs.etag, mine: merged(mine, theirs.now, kept) };
            keep(next);
            setTheirs(null);
            save.reset();
            if (andSave && Object.keys(changesOf(next, schema)).length > 0) save.mutate(next);
          }}
        />
      )}
    </div>
  );
}

/** Send it as of the revision that it was made to. Where only the revision moved, by a pause for one, it still holds. */
async function saved(id: string, edit: Edit, schema: Schema): Promise<void> {
  const body = changesOf(edit, schema);
  try {
    await editAutomation({ path: { automation: id }, headers: { "If-Match": edit.etag }, body });
  } catch (error) {
    const standing = standingOf(error, schema, edit.base.tags);
    if (!standing || !same(standing.now, edit.base)) throw error;
    await editAutomation({ path: { automation: id }, headers: { "If-Match": standing.etag }, body });
  }
}

function standingOf(error: unknown, schema: Schema, tags: string[]): { now: Editable; etag: string } | null {
  if (!isProblem(error, "changed-meanwhile") || !error.current) return null;
  const { revision, ...told } = error.current;
  return { now: editable(told as unknown as Told, schema, tags), etag: `"${revision}"` };
}

function problems(schema: Schema, mine: Editable): FieldErrors {
  const found: FieldErrors = { ...limitProblems(mine.limits) };
  if (!mine.name.trim()) found["name"] = ["Give it a name."];
  for (const [path, texts] of Object.entries(check(schema, mine.config))) found[`config.${path}`] = texts;
  if (filled(mine.config) === undefined) {
    for (const name of schema.required ?? []) found[`config.${name}`] = ["This is needed."];
  }
  return found;
}

/** While one types, only what was touched is found fault with. */
function typed(found: FieldErrors, changes: Config): FieldErrors {
  const names = Object.keys((changes["changes"] as Config | undefined) ?? {});
  return Object.fromEntries(
    Object.entries(found).filter(([path]) => names.some((name) => path.split(".")[1] === name) || path === "name"),
  );
}

function counted({ base, mine }: Edit): string {
  const count = differences(base, { ...mine, config: filled(mine.config) ?? {} }).length;
  return `${format.count(count)} ${count === 1 ? "field differs" : "fields differ"}; kept in this tab until saved.`;
}
