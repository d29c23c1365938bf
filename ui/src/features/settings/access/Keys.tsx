import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createOwnKey, revokeOwnKey } from "@/api/client/sdk.gen";
import type { KeyRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { ownKeysQuery } from "@/features/settings/queries";
import { Section } from "@/features/settings/Section";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Once } from "@/parts/forms/Once";
import { TwoSteps } from "@/parts/forms/TwoSteps";
import { useNow } from "@/parts/useNow";
import { groups, type Preset, presets } from "./scopes";

/** Keys for programs: what each may do, when it was used, until when it holds. */
export default function Keys() {
  const keys = useQuery(ownKeysQuery);
  return (
    <Section
      title="API keys"
      what="your keys"
      add="Make one"
      form={(close) => <Make onDone={close} />}
      of={keys}
      none={
        <>
          None yet. A program sends one as <code>Authorization: Bearer ock_…</code> and may do what you allow it.
        </>
      }
    >
      {(rows) => (
        <ul className="olist keys">
          {[...rows.filter((each) => !each.revoked_at), ...rows.filter((each) => each.revoked_at)].map((each) => (
            <Key key={each.id} row={each} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Key({ row }: { row: KeyRow }) {
  const now = useNow();
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeOwnKey({ path: { key: row.id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ownKeysQuery.queryKey }),
  });
  const over = row.expires_at !== null && Date.parse(row.expires_at) < now.getTime();
  return (
    <li className={row.revoked_at || over ? "gone" : ""}>
      <span className="grow">
        <b>{row.name}</b> <code className="faint">{row.prefix}…</code>
        <span className="why-line">{row.scopes.join(", ")}</span>
        <span className="why-line">
          Made <Moment at={row.created_at} now={now} />,{" "}
          {row.used_at ? (
            <>
              last used <Moment at={row.used_at} now={now} />
            </>
          ) : (
            "never used"
          )}
          {row.revoked_at ? (
            <>
              , revoked <Moment at={row.revoked_at} now={now} />
            </>
          ) : row.expires_at ? (
            <>
              , {over ? "ended" : "holds until"} <Moment at={row.expires_at} now={now} />
            </>
          ) : (
            ", does not end by itself"
          )}
        </span>
        <Proving error={revoke.error} onProved={() => revoke.mutate()} />
      </span>
      {!row.revoked_at && (
        <TwoSteps ask="Revoke…" sure="Revoke it, for good" disabled={revoke.isPending} onSure={() => revoke.mutate()} />
      )}
    </li>
  );
}

const DAY = 86_400;
const ENDS = [
  { seconds: 30 * DAY, label: "in 30 days" },
  { seconds: 90 * DAY, label: "in 90 days" },
  { seconds: 365 * DAY, label: "in a year" },
  { seconds: 0, label: "never by itself" },
];

function Make({ onDone }: { onDone: () => void }) {
  const { data: session } = useQuery(sessionQuery);
  const queries = useQueryClient();
  const own = session?.scopes ?? [];
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const [ends, setEnds] = useState(90 * DAY);
  const make = useMutation({
    mutationFn: async () =>
      (await createOwnKey({ body: { name: name.trim(), scopes: [...scopes], expires_in: ends || null } })).data,
    onSuccess: () => queries.invalidateQueries({ queryKey: ownKeysQuery.queryKey }),
  });
  const fields = isProblem(make.error) ? make.error.fields : [];
  function submit(event: FormEvent): void {
    event.preventDefault();
    make.mutate();
  }
  if (make.data) {
    return (
      <div className="made">
        <p>
          <b>{make.data.name} is made.</b> Its token is shown now and never again: the node keeps only its hash.
        </p>
        <Once label="Token" text={make.data.token} />
        <p className="go">
          <button className="btn primary" type="button" onClick={onDone}>
            I have kept it
          </button>
        </p>
      </div>
    );
  }
  const toggle = (scope: string, on: boolean) => {
    const next = new Set(scopes);
    if (on) next.add(scope);
    else next.delete(scope);
    setScopes(next);
  };
  return (
    <div className="made">
      <form className="fields" onSubmit={submit} aria-label="Make an API key">
        <div className="two-eq">
          <Line
            label="What it is for"
            error={fields.find((each) => each.field.endsWith("name"))?.reason}
            hint="Such as grafana, or backup."
          >
            {(props) => (
              <input
                {...props}
                required
                autoComplete="off"
                maxLength={64}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Line>
          <Line label="It ends">
            {(props) => (
              <select {...props} value={ends} onChange={(event) => setEnds(Number(event.target.value))}>
                {ENDS.map((each) => (
                  <option key={each.seconds} value={each.seconds}>
                    {each.label}
                  </option>
                ))}
              </select>
            )}
          </Line>
        </div>
        <fieldset>
          <legend className="label">What it may do</legend>
          <div className="picks">
            {presets(own).map((preset: Preset) => (
              <button
                className="btn small"
                type="button"
                key={preset.label}
                onClick={() => setScopes(new Set(preset.scopes))}
              >
                {preset.label}
              </button>
            ))}
          </div>
          <div className="scopes">
            {groups(own).map((group) => (
              <div key={group.name}>
                <b>{group.label}</b>
                {group.scopes.map((each) => (
                  <label key={each.scope}>
                    <input
                      className="check"
                      type="checkbox"
                      checked={scopes.has(each.scope)}
                      onChange={(event) => toggle(each.scope, event.target.checked)}
                    />
                    {each.label}
                  </label>
                ))}
              </div>
            ))}
          </div>
        </fieldset>
        {scopes.has("sensitive:write") && (
          <div className="note warn">
            <p>
              <b>It may do what a session must prove itself again for.</b> Whoever has the token may make keys and
              change users, as far as its other scopes go.
            </p>
          </div>
        )}
        {fields
          .filter((each) => !each.field.endsWith("name"))
          .map((each) => (
            <p className="hint bad" role="alert" key={each.field}>
              {each.reason}
            </p>
          ))}
        <p className="go">
          <button className="btn primary" type="submit" disabled={!name.trim() || scopes.size === 0 || make.isPending}>
            Make it
          </button>
          <button className="btn quiet" type="button" onClick={onDone}>
            Cancel
          </button>
        </p>
      </form>
      {fields.length === 0 && <Proving error={make.error} onProved={() => make.mutate()} />}
    </div>
  );
}
