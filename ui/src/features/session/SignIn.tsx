import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import type { Challenge, Session } from "@/api/client/types.gen";
import { isProblem, NoAnswer } from "@/api/http";
import { Brand, Icon } from "@/parts/Icon";
import { giveCode, isChallenge, sessionQuery, signIn } from "./queries";

/** The page of somebody whom the node does not know yet. */
export function SignIn({ onSignedIn }: { onSignedIn: () => void }) {
  return (
    <div className="sign">
      <main className="box" id="main">
        <p className="brand">
          <Brand />
          OctoBot Node
        </p>
        <div>
          <h1>Sign in</h1>
          <p className="muted">{location.host}</p>
        </div>
        <SignInForm onSignedIn={onSignedIn} />
        {location.protocol === "http:" && !isLocal(location.hostname) && (
          <div className="note warn">
            <Icon name="warn" />
            <p>
              <b>This connection is not encrypted.</b> Use it on a network you trust, or put a proxy with TLS before the
              node.
            </p>
          </div>
        )}
      </main>
      <footer className="end">
        <span>
          First start? The password is in the file <code>admin-password</code> of the node’s data folder, the name is{" "}
          <code>admin</code>.
        </span>
        <span>
          Forgot it? <code>octobot-node users password NAME</code> and{" "}
          <code>octobot-node users second-factor reset NAME</code>
        </span>
      </footer>
    </div>
  );
}

function isLocal(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

/** Also inside a dialog, where a session ended under somebody's hands and nothing typed may be lost. */
export function SignInForm({ user = "", onSignedIn }: { user?: string; onSignedIn: () => void }) {
  const [ticket, setTicket] = useState<string | null>(null);
  const queries = useQueryClient();
  function answered(answer: Session | Challenge): void {
    if (isChallenge(answer)) {
      setTicket(answer.ticket);
      return;
    }
    queries.setQueryData(sessionQuery.queryKey, answer);
    onSignedIn();
  }
  return ticket === null ? (
    <PasswordForm user={user} onAnswer={answered} />
  ) : (
    <CodeForm ticket={ticket} onAnswer={answered} onBack={() => setTicket(null)} />
  );
}

function CodeForm(props: { ticket: string; onAnswer: (answer: Session) => void; onBack: () => void }) {
  const [code, setCode] = useState("");
  const ids = { code: useId(), why: useId() };
  const attempt = useMutation({ mutationFn: () => giveCode(props.ticket, code), onSuccess: props.onAnswer });
  function submit(event: FormEvent): void {
    event.preventDefault();
    attempt.mutate();
  }
  const why = attempt.error ? codeReason(attempt.error) : null;
  return (
    <form aria-label="Second factor" onSubmit={submit}>
      <div className="field">
        <label htmlFor={ids.code}>Code of your authenticator, or a recovery code</label>
        <div className={`input ${why ? "bad" : ""}`}>
          <input
            id={ids.code}
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            required
            minLength={6}
            value={code}
            aria-invalid={why !== null}
            aria-describedby={why ? ids.why : undefined}
            onChange={(event) => setCode(event.target.value)}
          />
        </div>
        {why && (
          <p className="hint bad" id={ids.why} role="alert">
            {why}
          </p>
        )}
        <p className="hint">
          No phone at hand? A recovery code opens it once. Neither? An admin takes the second factor away under
          Settings, Users; who has the node’s machine does so by{" "}
          <code>octobot-node users second-factor reset NAME</code>.
        </p>
      </div>
      <button className="btn primary" type="submit" disabled={attempt.isPending}>
        {attempt.isPending ? "Signing in" : "Sign in"}
      </button>
      <button className="btn quiet" type="button" onClick={props.onBack}>
        Back
      </button>
    </form>
  );
}

function PasswordForm(props: { user: string; onAnswer: (answer: Session | Challenge) => void }) {
  const [user, setUser] = useState(props.user);
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const ids = { user: useId(), password: useId(), why: useId() };
  const attempt = useMutation({ mutationFn: () => signIn(user, password), onSuccess: props.onAnswer });
  function submit(event: FormEvent): void {
    event.preventDefault();
    attempt.mutate();
  }
  const why = attempt.error ? reason(attempt.error) : null;
  return (
    <form aria-label="Sign in" onSubmit={submit}>
      <div className="field">
        <label htmlFor={ids.user}>Name</label>
        <div className="input">
          <input
            id={ids.user}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </div>
      </div>
      <div className="field">
        <label htmlFor={ids.password}>Password</label>
        <div className={`input ${why ? "bad" : ""}`}>
          <input
            id={ids.password}
            type={shown ? "text" : "password"}
            autoComplete="current-password"
            required
            value={password}
            aria-invalid={why !== null}
            aria-describedby={why ? ids.why : undefined}
            onChange={(event) => setPassword(event.target.value)}
          />
          <button className="btn quiet small" type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
            {shown ? "Hide" : "Show"}
          </button>
        </div>
        {why && (
          <p className="hint bad" id={ids.why} role="alert">
            {why}
          </p>
        )}
      </div>
      <button className="btn primary" type="submit" disabled={attempt.isPending}>
        {attempt.isPending ? "Signing in" : "Sign in"}
      </button>
    </form>
  );
}

function codeReason(error: unknown): string {
  if (isProblem(error, "unauthenticated")) {
    return "The code is wrong or was used, or the five minutes are over. Give the next one, or go back.";
  }
  return reason(error);
}

function reason(error: unknown): string {
  if (error instanceof NoAnswer) return "The node does not answer. Is it running?";
  if (isProblem(error, "unauthenticated")) return "The name or the password is wrong, or the user is disabled.";
  if (isProblem(error, "throttled")) return `Too many attempts. Try again in ${error.retryAfter ?? 1} s.`;
  return (error as Error).message;
}
