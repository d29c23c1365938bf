import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { removeSecret, rotateSecret, setSecret } from "@/api/client/sdk.gen";
import type { SecretRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { TwoSteps } from "@/parts/forms/TwoSteps";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { secretsQuery } from "./queries";
import { Section } from "./Section";
import { useOwner } from "./useOwner";

/** Secrets by name: who points to them and when they were used. What they are is typed in, and never told again. */
export default function Secrets() {
  const secrets = useQuery(secretsQuery);
  const { data: session } = useQuery(sessionQuery);
  const own = useOwner();
  const may = session?.scopes.includes("accounts:write") ?? false;
  return (
    <Section
      title="Secrets by name"
      what="the secrets"
      add={may ? "Keep one" : undefined}
      form={(close) => <Keep onDone={close} />}
      of={secrets}
      none={
        <>
          None yet. One that is kept here is written <code>{'{"secret": "its-name"}'}</code> wherever an account or a
          config takes a secret: several may point to it, and it is changed in one place.
        </>
      }
    >
      {(rows) => (
        <>
          <ul className="olist keys">
            {rows.map((each) => (
              <Secret
                key={`${each.owner} ${each.name}`}
                row={each}
                own={each.owner === own}
                may={may && each.owner === own}
              />
            ))}
          </ul>
          <p className="small muted none">
            Nothing gives a secret back out, neither here nor by the API: keep it elsewhere, too, if you need to know
            it.
          </p>
        </>
      )}
    </Section>
  );
}

function Secret({ row, own, may }: { row: SecretRow; own: boolean; may: boolean }) {
  const now = useNow();
  const queries = useQueryClient();
  const [changes, setChanges] = useState(false);
  const remove = useMutation({
    mutationFn: () => removeSecret({ path: { name: row.name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: secretsQuery.queryKey }),
  });
  return (
    <li>
      <span className="grow">
        <b className="mono">{row.name}</b> {!own && <span className="faint">of {row.owner}</span>}
        <span className="why-line">
          {row.accounts.length === 0 ? (
            "No account points to it"
          ) : (
            <>
              {row.accounts.length === 1 ? "The account " : "The accounts "}
              {row.accounts.map((account, index) => (
                <span key={account}>
                  {index > 0 && ", "}
                  <Link to="/accounts/$account" params={{ account }}>
                    {account}
                  </Link>
                </span>
              ))}{" "}
              {row.accounts.length === 1 ? "points" : "point"} to it
            </>
          )}
        </span>
        <span className="why-line">
          {row.last_used ? (
            <>
              Used {row.uses === 1 ? "once" : `${format.count(row.uses)} times`}, last at{" "}
              <Moment at={row.last_used} now={now} />
            </>
          ) : (
            "Never used"
          )}
          ; {row.version === 1 ? "its first value, of " : `value ${format.count(row.version)}, of `}
          <Moment at={row.changed_at} now={now} />
          {row.changed_by && `, by ${row.changed_by}`}
        </span>
        {changes && <Rotate row={row} onDone={() => setChanges(false)} />}
        <Proving error={remove.error} onProved={() => remove.mutate()} />
      </span>
      {may && !changes && (
        <button className="btn small" type="button" onClick={() => setChanges(true)}>
          Another value…
        </button>
      )}
      {may &&
        !changes &&
        (row.accounts.length === 0 ? (
          <TwoSteps
            ask="Remove…"
            sure="Remove it, for good"
            disabled={remove.isPending}
            onSure={() => remove.mutate()}
          />
        ) : (
          <button
            className="btn small"
            type="button"
            disabled
            title="An account points to it: give that one other keys"
          >
            Remove…
          </button>
        ))}
    </li>
  );
}

/** Several lines, as a private key has them, and none of them shown. */
function Value({
  value,
  error,
  hint,
  onChange,
}: {
  value: string;
  error: string | undefined;
  hint: ReactNode;
  onChange: (value: string) => void;
}) {
  return (
    <Line label="The secret" error={error} hint={hint}>
      {(props) => (
        <textarea
          {...props}
          className="masked"
          rows={2}
          required
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={16_384}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Line>
  );
}

/** What somebody pasted with the line's end behind it was meant without. */
function meant(value: string): string {
  return value.includes("\n") && !value.trimEnd().includes("\n") ? value.trimEnd() : value;
}

function Rotate({ row, onDone }: { row: SecretRow; onDone: () => void }) {
  const queries = useQueryClient();
  const [value, setValue] = useState("");
  const rotate = useMutation({
    mutationFn: () => rotateSecret({ path: { name: row.name }, body: { value: meant(value) } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: secretsQuery.queryKey });
      onDone();
    },
  });
  const fields = isProblem(rotate.error) ? rotate.error.fields : [];
  function submit(event: FormEvent): void {
    event.preventDefault();
    rotate.mutate();
  }
  return (
    <>
      <form className="fields" onSubmit={submit} aria-label={`Another value of ${row.name}`}>
        <Value
          value={value}
          error={fields[0]?.reason}
          hint={
            row.accounts.length > 0
              ? "Kept sealed, and never shown again. Accounts that point to it are opened anew with it, on every node; the old value is gone."
              : "Kept sealed, and never shown again; the old value is gone."
          }
          onChange={setValue}
        />
        <p className="go">
          <button className="btn primary" type="submit" disabled={!value || rotate.isPending}>
            Replace it
          </button>
          <button className="btn quiet" type="button" onClick={onDone}>
            Cancel
          </button>
        </p>
      </form>
      {fields.length === 0 && <Proving error={rotate.error} onProved={() => rotate.mutate()} />}
    </>
  );
}

function Keep({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const keep = useMutation({
    mutationFn: () => setSecret({ body: { name: name.trim(), value: meant(value) } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: secretsQuery.queryKey });
      onDone();
    },
  });
  const fields = isProblem(keep.error) ? keep.error.fields : [];
  const wrong = (field: string) => fields.find((each) => each.field.endsWith(field))?.reason;
  function submit(event: FormEvent): void {
    event.preventDefault();
    keep.mutate();
  }
  return (
    <div className="made">
      <form className="fields" onSubmit={submit} aria-label="Keep a secret">
        <div className="two-eq">
          <Line
            label="Its name"
            error={wrong("name")}
            hint={
              name.trim() ? (
                <>
                  Written as <code>{`{"secret": "${name.trim()}"}`}</code>
                </>
              ) : (
                "Such as kraken-key: letters, digits, dots and dashes."
              )
            }
          >
            {(props) => (
              <input
                {...props}
                required
                autoComplete="off"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={128}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Line>
          <Value
            value={value}
            error={wrong("value")}
            hint="Kept sealed, and never shown again: keep it elsewhere, too, if you need to know it."
            onChange={setValue}
          />
        </div>
        <p className="go">
          <button className="btn primary" type="submit" disabled={!name.trim() || !value || keep.isPending}>
            Keep it
          </button>
          <button className="btn quiet" type="button" onClick={onDone}>
            Cancel
          </button>
        </p>
      </form>
      {fields.length === 0 && <Proving error={keep.error} onProved={() => keep.mutate()} />}
    </div>
  );
}
