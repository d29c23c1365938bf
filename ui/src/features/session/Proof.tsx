import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { proveSession } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import { sessionQuery } from "./queries";

/** What is dangerous asks again who it is: for a code where there is a second factor, for the password where there is none. */
export default function ProofForm({ onProved }: { onProved: () => void }) {
  const [given, setGiven] = useState("");
  const ids = { given: useId(), why: useId() };
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const byCode = session?.second_factor ?? false;
  const attempt = useMutation({
    mutationFn: () => proveSession({ body: byCode ? { code: given } : { password: given } }),
    onSuccess({ data }) {
      queries.setQueryData(sessionQuery.queryKey, data);
      onProved();
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    attempt.mutate();
  }
  const why = attempt.error ? reason(attempt.error, byCode) : null;
  return (
    <form aria-label="Show that it is you" onSubmit={submit}>
      <div className="field">
        <label htmlFor={ids.given}>
          Is it you? {byCode ? "Code of your authenticator, or a recovery code" : "Your password"}
        </label>
        <div className={`input ${why ? "bad" : ""}`}>
          <input
            id={ids.given}
            type={byCode ? "text" : "password"}
            autoComplete={byCode ? "one-time-code" : "current-password"}
            required
            value={given}
            aria-invalid={why !== null}
            aria-describedby={why ? ids.why : undefined}
            onChange={(event) => setGiven(event.target.value)}
          />
          <button className="btn danger" type="submit" disabled={attempt.isPending}>
            Go on
          </button>
        </div>
        {why && (
          <p className="hint bad" id={ids.why} role="alert">
            {why}
          </p>
        )}
      </div>
    </form>
  );
}

function reason(error: unknown, byCode: boolean): string {
  if (isProblem(error, "proof-required")) {
    return byCode ? "The code is wrong or was used: give the next one." : "The password is wrong.";
  }
  if (isProblem(error, "throttled")) return `Too many attempts. Try again in ${error.retryAfter ?? 1} s.`;
  return (error as Error).message;
}
