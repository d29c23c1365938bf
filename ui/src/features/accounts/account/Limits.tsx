import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { editAccount } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import { LIMITS, limitsOf } from "@/features/accounts/body";
import { accountQuery, type LoadedAccount } from "@/features/accounts/queries";
import { sessionQuery } from "@/features/session/queries";
import { Line } from "@/parts/forms/Line";
import { Failure } from "@/parts/States";

export function LimitsOf({ loaded }: { loaded: LoadedAccount }) {
  const { account, etag } = loaded;
  const { data: session } = useQuery(sessionQuery);
  const [edits, setEdits] = useState(false);
  const [limits, setLimits] = useState<Record<string, string>>({});
  const queries = useQueryClient();
  const given = Object.entries(account.limits).filter(([, value]) => value !== null && value !== undefined);
  const save = useMutation({
    mutationFn: () =>
      editAccount({
        path: { account: account.id },
        headers: { "If-Match": etag ?? "*" },
        body: { limits: limitsOf(limits) },
      }),
    async onSuccess() {
      setEdits(false);
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
    onError: () => void queries.invalidateQueries({ queryKey: accountQuery(account.id).queryKey }),
  });
  const labels = new Map(LIMITS.map(([name, label]) => [name as string, label]));
  const fields = isProblem(save.error) ? save.error.fields : [];
  const stale = isProblem(save.error) && save.error.status === 412;
  function submit(event: FormEvent): void {
    event.preventDefault();
    save.mutate();
  }
  return (
    <section className="blk" aria-labelledby="h-limits">
      <div className="section-head">
        <h2 id="h-limits">Limits on all of them together</h2>
        {!edits && session?.scopes.includes("accounts:write") && (
          <span className="end">
            <button
              className="btn small"
              type="button"
              onClick={() => {
                setLimits(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
                save.reset();
                setEdits(true);
              }}
            >
              Change
            </button>
          </span>
        )}
      </div>
      {edits ? (
        <form className="fields one" onSubmit={submit} aria-label="Limits" noValidate>
          {LIMITS.map(([name, label, hint]) => (
            <Line
              key={name}
              label={label}
              hint={hint || undefined}
              error={fields.find((each) => each.field.endsWith(name))?.reason}
            >
              {(props) => (
                <input
                  {...props}
                  autoComplete="off"
                  value={limits[name] ?? ""}
                  onChange={(event) => setLimits({ ...limits, [name]: event.target.value.trim() })}
                />
              )}
            </Line>
          ))}
          {stale ? (
            <div className="note warn" role="alert">
              <p>
                <b>Somebody changed it meanwhile.</b> Theirs:{" "}
                {given.map(([name, value]) => `${name} ${String(value)}`).join(", ") || "none"}. Save again to put yours
                in its place.
              </p>
            </div>
          ) : (
            save.error && fields.length === 0 && <Failure error={save.error} />
          )}
          <p className="go">
            <button className="btn primary" type="submit" disabled={save.isPending}>
              Save
            </button>
            <button className="btn quiet" type="button" onClick={() => setEdits(false)}>
              Cancel
            </button>
          </p>
        </form>
      ) : given.length === 0 ? (
        <p className="muted none">None.</p>
      ) : (
        <dl className="facts">
          {given.map(([name, value]) => (
            <div key={name}>
              <dt>{labels.get(name) ?? name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
