import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeOwnPassword } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import { Line } from "@/parts/forms/Line";
import { Failure } from "@/parts/States";

export function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [revoke, setRevoke] = useState(false);
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: () => changeOwnPassword({ body: { current, new: next, revoke_keys: revoke } }),
    async onSuccess() {
      setCurrent("");
      setNext("");
      await queries.invalidateQueries({ queryKey: ["own-sessions"] });
      await queries.invalidateQueries({ queryKey: ["own-keys"] });
    },
  });
  const fields = isProblem(change.error) ? change.error.fields : [];
  const wrong = (name: string) => fields.find((each) => each.field.endsWith(name))?.reason;
  function submit(event: FormEvent): void {
    event.preventDefault();
    change.mutate();
  }
  return (
    <section className="blk" aria-labelledby="h-pass">
      <div className="section-head">
        <h2 id="h-pass">Password</h2>
        <span className="end">Every other session ends</span>
      </div>
      <form className="fields one" aria-label="Change your password" onSubmit={submit}>
        <Line label="Password until now" error={wrong("current")}>
          {(props) => (
            <input
              {...props}
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          )}
        </Line>
        <Line
          label="New password"
          error={wrong("new")}
          hint="Long beats odd: four words that nobody would put together."
        >
          {(props) => (
            <input
              {...props}
              type="password"
              autoComplete="new-password"
              required
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          )}
        </Line>
        <label className="opt">
          <input
            className="check"
            type="checkbox"
            checked={revoke}
            onChange={(event) => setRevoke(event.target.checked)}
          />
          <span>Revoke my API keys too: somebody knew the old one</span>
        </label>
        {change.error && fields.length === 0 && <Failure error={change.error} />}
        {change.isSuccess && <p role="status">It is changed.</p>}
        <p className="go">
          <button className="btn" type="submit" disabled={change.isPending}>
            Change it
          </button>
        </p>
      </form>
    </section>
  );
}
