import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { changeTarget, createTarget, deleteTarget, testNotifications, testTarget } from "@/api/client/sdk.gen";
import type { TargetRow, TargetTried } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { sessionQuery } from "@/features/session/queries";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Segments } from "@/parts/forms/Segments";
import { TwoSteps } from "@/parts/forms/TwoSteps";
import { Failure } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { nodeWaysQuery, targetsQuery } from "./queries";
import { Section } from "./Section";

type Rule = TargetRow["tell"][number];

const RULES: ReadonlyArray<{ value: Rule; label: string; hint: string }> = [
  { value: "failures", label: "Failures", hint: "ticks that failed, automations that failed or are held" },
  { value: "unknown_orders", label: "Unknown orders", hint: "orders of which nobody can say what became" },
  { value: "own", label: "What automations say", hint: "price alerts and the like" },
  { value: "fills", label: "Fills", hint: "what was bought and sold" },
];
const USUAL: readonly Rule[] = ["failures", "unknown_orders", "own"];

/** Where one is told, and of what; and of an admin by which ways the node itself tells. */
export default function Notifications() {
  const targets = useQuery(targetsQuery);
  const { data: session } = useQuery(sessionQuery);
  return (
    <>
      <Section
        title="Where you are told"
        what="your targets"
        add="Add one"
        form={(close) => <Make onDone={close} />}
        of={targets}
        none="Nowhere yet: a phone, a chat or a mail address of yours can be told."
      >
        {(rows) => (
          <ul className="olist keys">
            {rows.map((each) => (
              <Target key={each.id} row={each} />
            ))}
          </ul>
        )}
      </Section>
      {session?.scopes.includes("settings:read") && <NodeWays />}
    </>
  );
}

function Target({ row }: { row: TargetRow }) {
  const now = useNow();
  const queries = useQueryClient();
  const settled = () => void queries.invalidateQueries({ queryKey: targetsQuery.queryKey });
  const path = { target: row.id };
  const change = useMutation({
    mutationFn: (body: { tell?: Rule[]; enabled?: boolean }) =>
      changeTarget({ path, body, headers: { "If-Match": `"${row.revision}"` } }),
    onSettled: settled,
  });
  const remove = useMutation({ mutationFn: () => deleteTarget({ path }), onSettled: settled });
  const attempt = useMutation({ mutationFn: async () => (await testTarget({ path })).data, onSettled: settled });
  const busy = change.isPending || remove.isPending;
  const error = change.error ?? remove.error ?? attempt.error;
  return (
    <li className={row.enabled ? "" : "gone"}>
      <span className="grow">
        <b>{row.name}</b> <code className="faint">{row.scheme}://…</code>
        <Rules
          label={`What ${row.name} is told`}
          chosen={row.tell}
          disabled={busy}
          onChange={(tell) => change.mutate({ tell })}
        />
        <span className="why-line">
          {!row.enabled ? (
            "Rests: nothing is told there"
          ) : row.problem ? (
            `The last message did not arrive: ${row.problem}`
          ) : row.told_at ? (
            <>
              Told last <Moment at={row.told_at} now={now} />
            </>
          ) : (
            "Nothing was told there yet"
          )}
          {row.waiting > 0 && `, ${row.waiting} ${row.waiting === 1 ? "waits" : "wait"}`}
        </span>
        {attempt.data && <Tried of={attempt.data} />}
        {error && <Failure error={error} />}
      </span>
      <button className="btn small" type="button" disabled={attempt.isPending} onClick={() => attempt.mutate()}>
        {attempt.isPending ? "Sending…" : "Send a test"}
      </button>
      <button
        className="btn small"
        type="button"
        disabled={busy}
        onClick={() => change.mutate({ enabled: !row.enabled })}
      >
        {row.enabled ? "Let it rest" : "Tell it again"}
      </button>
      <TwoSteps ask="Remove…" sure="Remove it" disabled={busy} onSure={() => remove.mutate()} />
    </li>
  );
}

function Tried({ of: { arrived, service, error } }: { of: Pick<TargetTried, "arrived" | "service" | "error"> }) {
  return (
    <span className={`note ${arrived ? "ok" : "bad"}`} role="status">
      {arrived ? `The test arrived${service && ` at ${service}`}.` : `The test did not arrive: ${error}.`}
    </span>
  );
}

function Rules({
  label,
  chosen,
  disabled = false,
  onChange,
}: {
  label: string;
  chosen: readonly Rule[];
  disabled?: boolean;
  onChange: (rules: Rule[]) => void;
}) {
  return (
    <fieldset className="scopes" aria-label={label} disabled={disabled}>
      {RULES.map(({ value, label: name, hint }) => (
        <label key={value} title={hint}>
          <input
            className="check"
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={(event) =>
              onChange(
                RULES.map((each) => each.value).filter((each) =>
                  each === value ? event.target.checked : chosen.includes(each),
                ),
              )
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

const PLACES = [
  { value: "telegram", label: "Telegram" },
  { value: "other", label: "Mail, or another" },
] as const;
type Place = (typeof PLACES)[number]["value"];

function Make({ onDone }: { onDone: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [place, setPlace] = useState<Place>("telegram");
  const [given, setGiven] = useState("");
  const [bot, setBot] = useState("");
  const [chat, setChat] = useState("");
  const url = place === "telegram" ? telegramUrl(bot, chat) : given.trim();
  const [tell, setTell] = useState<readonly Rule[]>(USUAL);
  const make = useMutation({
    mutationFn: () => createTarget({ body: { name: name.trim(), url, tell: [...tell] } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: targetsQuery.queryKey });
      onDone();
    },
  });
  const fields = isProblem(make.error) ? make.error.fields : [];
  const wrong = (field: string) => fields.find((each) => each.field.endsWith(field))?.reason;
  return (
    <form
      className="fields made"
      aria-label="Add a target"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <Line label="Name" error={wrong("name")} hint="Such as phone, or the desk's chat.">
        {(props) => (
          <input {...props} required maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
        )}
      </Line>
      <div>
        <Segments label="Where" value={place} choices={PLACES} onChange={setPlace} />
      </div>
      {place === "telegram" ? (
        <>
          <Line
            label="Token of your bot"
            error={wrong("url")}
            hint="Write /newbot to @BotFather in Telegram: it answers with the token. It is kept as a secret, and shown to nobody again."
          >
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="off"
                required
                maxLength={128}
                value={bot}
                onChange={(event) => setBot(event.target.value)}
              />
            )}
          </Line>
          <Line
            label="Id of the chat"
            hint="A number: write to @userinfobot, which answers with yours. Then write a word to your own bot, which may not write first."
          >
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                required
                maxLength={64}
                value={chat}
                onChange={(event) => setChat(event.target.value)}
              />
            )}
          </Line>
        </>
      ) : (
        <Line
          label="URL"
          error={wrong("url")}
          hint="As Apprise has it, such as mailto://USER:PASSWORD@HOST or discord://ID/TOKEN. It is kept as a secret, and shown to nobody again."
        >
          {(props) => (
            <input
              {...props}
              type="password"
              autoComplete="off"
              required
              maxLength={2000}
              value={given}
              onChange={(event) => setGiven(event.target.value)}
            />
          )}
        </Line>
      )}
      <fieldset>
        <legend className="label">What is told there</legend>
        <Rules label="What is told there" chosen={tell} onChange={setTell} />
      </fieldset>
      {make.error && fields.length === 0 && <Failure error={make.error} />}
      <p className="go">
        <button className="btn primary" type="submit" disabled={!name.trim() || !url || make.isPending}>
          Add it
        </button>
        <button className="btn quiet" type="button" onClick={onDone}>
          Cancel
        </button>
      </p>
    </form>
  );
}

/** A token and a chat as Apprise has them; nothing until there are both. */
function telegramUrl(bot: string, chat: string): string {
  const [token, id] = [bot.trim(), chat.trim()];
  return token && id ? `tgram://${token}/${id}` : "";
}

/** The ways that the node's own settings name; they tell of everything. */
function NodeWays() {
  const { data: ways } = useQuery(nodeWaysQuery);
  const attempt = useMutation({ mutationFn: async () => (await testNotifications({ body: {} })).data.results });
  if (!ways) return null;
  return (
    <section className="blk" aria-labelledby="h-ways">
      <div className="section-head">
        <h2 id="h-ways">Where the node tells of everything</h2>
        {ways.targets.length > 0 && (
          <span className="end">
            <button className="btn small" type="button" disabled={attempt.isPending} onClick={() => attempt.mutate()}>
              {attempt.isPending ? "Sending…" : "Send a test to all"}
            </button>
          </span>
        )}
      </div>
      {ways.targets.length === 0 ? (
        <p className="muted none">
          Nowhere: its settings name no URL (<code>OCTOBOT_NOTIFY_URLS</code>).
        </p>
      ) : (
        <ul className="olist">
          {ways.targets.map(({ number, scheme }) => {
            const tried = attempt.data?.find((each) => each.number === number);
            return (
              <li key={number}>
                <span className="grow">
                  URL {number} <code className="faint">{scheme}://…</code>
                  {tried && <Tried of={tried} />}
                </span>
              </li>
            );
          })}
        </ul>
      )}
      {attempt.error && <Failure error={attempt.error} />}
    </section>
  );
}
