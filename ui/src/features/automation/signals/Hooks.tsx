import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { deleteHook, rotateHook, signHook, unsignHook } from "@/api/client/sdk.gen";
import type { HookRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Icon } from "@/parts/Icon";
import { Menu, MenuItem } from "@/parts/Menu";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { isEnding } from "../lives";
import { NewHook } from "./NewHook";
import { hooksQuery } from "./queries";
import { type Secret, ToldOnce } from "./ToldOnce";

type Ask = { what: "new" } | { what: "rotate" | "sign" | "unsign" | "revoke"; hook: HookRow } | null;

/** The addresses that may send to it: made, replaced, signed and revoked; each is told once. */
export function Hooks({ detail }: { detail: AutomationDetail }) {
  const { data: hooks, error, refetch } = useQuery(hooksQuery(detail.id));
  const { data: session } = useQuery(sessionQuery);
  const [ask, setAsk] = useState<Ask>(null);
  const [told, setTold] = useState<Secret | null>(null);
  const now = useNow();
  const may = session?.scopes.includes("signals:write") ?? false;
  return (
    <section aria-labelledby="h-hooks" className="blk">
      <div className="section-head">
        <h2 id="h-hooks">Addresses that send here</h2>
        {may && !isEnding(detail.status) && (
          <button className="btn small end" type="button" onClick={() => setAsk({ what: "new" })}>
            New address…
          </button>
        )}
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !hooks ? (
        <Loading what="addresses" />
      ) : hooks.length === 0 ? (
        <p className="muted none">
          None: only <code>octobot-node signal</code> and the API send to it. An address is for TradingView and the
          like, which know no password.
        </p>
      ) : (
        <ul className="olist hooks">
          {hooks.map((hook) => (
            <li key={hook.id}>
              <Icon name="right" />
              <span>
                <b>{hook.name}</b>
                <br />
                <span className="small muted">{said(hook)}</span>
                <br />
                <span className="small muted">
                  Made <Moment at={hook.created_at} now={now} />
                  {hook.rotated_at && (
                    <>
                      , replaced <Moment at={hook.rotated_at} now={now} />
                    </>
                  )}
                </span>
              </span>
              {may && (
                <Menu label={`What to do with ${hook.name}`} button={<Icon name="more" />}>
                  <MenuItem onChoose={() => setAsk({ what: "rotate", hook })}>Replace its address…</MenuItem>
                  <MenuItem onChoose={() => setAsk({ what: "sign", hook })}>
                    {hook.signed ? "Replace its secret…" : "Take signed messages alone…"}
                  </MenuItem>
                  {hook.signed && (
                    <MenuItem onChoose={() => setAsk({ what: "unsign", hook })}>Take unsigned ones again…</MenuItem>
                  )}
                  <MenuItem danger onChoose={() => setAsk({ what: "revoke", hook })}>
                    Revoke…
                  </MenuItem>
                </Menu>
              )}
            </li>
          ))}
        </ul>
      )}
      {ask?.what === "new" && (
        <NewHook
          detail={detail}
          onClose={() => setAsk(null)}
          onMade={(secret) => {
            setAsk(null);
            setTold(secret);
          }}
        />
      )}
      {ask && ask.what !== "new" && (
        <Sure
          detail={detail}
          ask={ask}
          onClose={() => setAsk(null)}
          onDone={(secret) => {
            setAsk(null);
            setTold(secret);
          }}
        />
      )}
      {told && <ToldOnce secret={told} onClose={() => setTold(null)} />}
    </section>
  );
}

function said(hook: HookRow): string {
  return [
    hook.signed ? "signed messages alone" : "whoever knows the address",
    hook.allow.length === 0 ? "from anywhere" : `from ${hook.allow.join(", ")}`,
    `${format.count(hook.per_minute)} a minute at most`,
    `worthless after ${format.span(hook.expires_in * 1000)}`,
  ].join(", ");
}

const QUESTIONS = {
  rotate: {
    title: (name: string) => `Replace the address of ${name}`,
    lead: "The old one is refused from the moment you press; the new one is told once.",
    button: "Replace it",
  },
  sign: {
    title: (name: string) => `Signed messages for ${name}`,
    lead: "A secret is told once. What is not signed with it is refused; a secret before it does for a day more.",
    button: "Make a secret",
  },
  unsign: {
    title: (name: string) => `Unsigned messages for ${name}`,
    lead: "From then on whoever knows the address may send, signed or not.",
    button: "Take them",
  },
  revoke: {
    title: (name: string) => `Revoke ${name}`,
    lead: "Its address is refused from the moment you press. What it sent before stays in the list.",
    button: "Revoke it",
  },
} as const;

function Sure({
  detail,
  ask,
  onClose,
  onDone,
}: {
  detail: AutomationDetail;
  ask: { what: keyof typeof QUESTIONS; hook: HookRow };
  onClose: () => void;
  onDone: (secret: Secret | null) => void;
}) {
  const { state } = useConnection();
  const queries = useQueryClient();
  const { what, hook } = ask;
  const question = QUESTIONS[what];
  const change = useMutation({
    async mutationFn(): Promise<Secret | null> {
      const path = { hook: hook.id };
      switch (what) {
        case "rotate": {
          const { data } = await rotateHook({ path });
          return { name: data.name, path: data.path, secret: data.secret };
        }
        case "sign": {
          const { data } = await signHook({ path });
          return { name: data.name, path: null, secret: data.secret };
        }
        case "unsign":
          await unsignHook({ path });
          return null;
        case "revoke":
          await deleteHook({ path });
          return null;
      }
    },
    onSuccess(secret) {
      void queries.invalidateQueries({ queryKey: ["automation", detail.id, "hooks"] });
      onDone(secret);
    },
  });
  return (
    <Dialog
      title={question.title(hook.name)}
      lead={question.lead}
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className={`btn primary ${what === "revoke" ? "danger" : ""}`}
            type="button"
            disabled={change.isPending || state === "lost" || state === "signed-out"}
            onClick={() => change.mutate()}
          >
            {question.button}
          </button>
        </>
      }
    >
      {change.error && <Failure error={change.error} />}
    </Dialog>
  );
}
