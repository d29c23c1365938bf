import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { changeOwnPassword, endOwnSession } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import { nodeQuery } from "@/features/frame/queries";
import { ProofForm } from "@/features/session/Proof";
import { sessionQuery } from "@/features/session/queries";
import { useSignOut } from "@/features/session/useSignOut";
import { Moment } from "@/parts/Figures";
import { setPreference, type Theme, usePreference } from "@/parts/preferences";
import { Segments } from "@/parts/Segments";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { ownSessionsQuery } from "./queries";

export function SettingsPage() {
  return (
    <div className="page settings">
      <div className="page-head">
        <h1>Settings</h1>
      </div>
      <div className="money">
        <div>
          <Appearance />
          <Password />
        </div>
        <div>
          <Sessions />
          <About />
        </div>
      </div>
    </div>
  );
}

export const THEMES: ReadonlyArray<{ value: Theme; label: string }> = [
  { value: "system", label: "Auto" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

function Appearance() {
  const theme = usePreference("theme");
  const hidden = usePreference("hidden");
  return (
    <section className="blk" aria-labelledby="h-look">
      <div className="section-head">
        <h2 id="h-look">Appearance</h2>
        <span className="end">Of this browser</span>
      </div>
      <dl className="facts">
        <div>
          <dt>Theme</dt>
          <dd>
            <Segments
              label="Theme"
              value={theme}
              choices={THEMES}
              onChange={(value) => setPreference("theme", value)}
            />
          </dd>
        </div>
        <div>
          <dt>Amounts</dt>
          <dd>
            <Segments
              label="Amounts"
              value={hidden ? "hidden" : "shown"}
              choices={[
                { value: "shown", label: "Shown" },
                { value: "hidden", label: "Hidden" },
              ]}
              onChange={(value) => setPreference("hidden", value === "hidden")}
            />
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const ids = { current: useId(), next: useId() };
  const change = useMutation({
    mutationFn: () => changeOwnPassword({ body: { current, new: next } }),
    onSuccess() {
      setCurrent("");
      setNext("");
    },
  });
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
      <form className="fields" aria-label="Change your password" onSubmit={submit}>
        <div className="field">
          <label htmlFor={ids.current}>Password until now</label>
          <div className="input">
            <input
              id={ids.current}
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </div>
        </div>
        <div className="field">
          <label htmlFor={ids.next}>New password</label>
          <div className="input">
            <input
              id={ids.next}
              type="password"
              autoComplete="new-password"
              required
              value={next}
              onChange={(event) => setNext(event.target.value)}
            />
          </div>
        </div>
        {change.error && <Failure error={change.error} />}
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

function Sessions() {
  const { data: session } = useQuery(sessionQuery);
  const { data: sessions, error, refetch } = useQuery(ownSessionsQuery);
  const queries = useQueryClient();
  const now = useNow();
  const signOut = useSignOut();
  const end = useMutation({
    mutationFn: (id: string) => endOwnSession({ path: { session: id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ownSessionsQuery.queryKey }),
  });
  return (
    <section className="blk" aria-labelledby="h-ses">
      <div className="section-head">
        <h2 id="h-ses">Sessions of {session?.user}</h2>
        <span className="end">
          <button className="btn small" type="button" onClick={signOut}>
            Sign out
          </button>
        </span>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : sessions ? (
        <ul className="olist sessions">
          {sessions.map((each) => (
            <li key={each.id}>
              <span className="grow">
                <span className="cut">{browserOf(each.agent)}</span>
                <br />
                <span className="small muted">
                  {each.address}, seen <Moment at={each.seen_at} now={now} />
                </span>
              </span>
              {each.this ? (
                <span className="muted small">this one</span>
              ) : (
                <button
                  className="btn small"
                  type="button"
                  disabled={end.isPending}
                  onClick={() => end.mutate(each.id)}
                >
                  End
                </button>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <Loading what="your sessions" />
      )}
      {isProblem(end.error, "proof-required") ? (
        <ProofForm onProved={() => end.variables && end.mutate(end.variables)} />
      ) : (
        end.error && <Failure error={end.error} />
      )}
    </section>
  );
}

/** What a browser calls itself, shortened to what tells it from others. */
function browserOf(agent: string): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari)\/[\d.]+/.exec(agent)?.[1] ?? "";
  const known: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1] ?? "";
  return (
    [known[name] ?? name, system && `on ${system.replace("Mac OS X", "macOS")}`].filter(Boolean).join(" ") ||
    agent ||
    "A browser"
  );
}

function About() {
  const { data: node } = useQuery(nodeQuery);
  return (
    <section className="blk" aria-labelledby="h-about">
      <div className="section-head">
        <h2 id="h-about">About</h2>
        {node && <span className="end">OctoBot Node {node.version}</span>}
      </div>
      <p className="doc">
        Prices are drawn by{" "}
        <a
          className="link"
          href="https://www.tradingview.com/lightweight-charts/"
          rel="noreferrer noopener"
          target="_blank"
        >
          TradingView Lightweight Charts™
        </a>
        , © TradingView, Inc., Apache License 2.0. Typefaces: Inter and JetBrains Mono, SIL Open Font License. OctoBot
        Node is under the Apache License 2.0.
      </p>
      <p className="doc muted">
        No request of this page leaves the node; that link is the only one that does, and only if you follow it.
      </p>
    </section>
  );
}
