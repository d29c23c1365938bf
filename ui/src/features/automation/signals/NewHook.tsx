import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { createHook } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { Line } from "@/features/new/config/Line";
import { ofServer } from "@/features/new/told";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Failure } from "@/parts/States";
import type { Secret } from "./ToldOnce";

/** Where TradingView says that its alerts come from. */
const TRADINGVIEW = "52.89.214.238, 34.212.75.30, 54.218.53.128, 52.32.178.7";

export function NewHook({
  detail,
  onClose,
  onMade,
}: {
  detail: AutomationDetail;
  onClose: () => void;
  onMade: (secret: Secret) => void;
}) {
  const [name, setName] = useState("TradingView");
  const [allow, setAllow] = useState("");
  const [signed, setSigned] = useState(false);
  const { state } = useConnection();
  const form = useId();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: async () =>
      (
        await createHook({
          body: {
            automation: detail.id,
            name: name.trim(),
            allow: allow.split(/[\s,]+/).filter(Boolean),
            signed,
          },
        })
      ).data,
    onSuccess(made) {
      void queries.invalidateQueries({ queryKey: ["automation", detail.id, "hooks"] });
      onMade({ name: made.name, path: made.path, secret: made.secret });
    },
  });
  const told = ofServer(make.error);
  const ofAllow = Object.entries(told).flatMap(([path, texts]) => (path.startsWith("allow") ? texts : []));
  return (
    <Dialog
      title="A new address"
      lead={`What is sent to it is in the inbox of ${detail.name} at once. It is told once.`}
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className="btn primary"
            type="submit"
            form={form}
            disabled={make.isPending || !name.trim() || state === "lost" || state === "signed-out"}
          >
            Make it
          </button>
        </>
      }
    >
      <form
        id={form}
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        <Line label="What sends there" error={told["name"]} hint="A name for you.">
          {(props) => (
            <input {...props} value={name} maxLength={128} onChange={(event) => setName(event.target.value)} />
          )}
        </Line>
        <Line
          label="Only from these addresses"
          error={ofAllow.length > 0 ? ofAllow : undefined}
          hint="Addresses or networks with commas between them; left empty, from anywhere."
        >
          {(props) => (
            <input {...props} className="mono" value={allow} onChange={(event) => setAllow(event.target.value)} />
          )}
        </Line>
        <p>
          <button className="btn small" type="button" onClick={() => setAllow(TRADINGVIEW)}>
            TradingView’s addresses
          </button>
        </p>
        <label className="opt">
          <input
            className="check"
            type="checkbox"
            checked={signed}
            onChange={(event) => setSigned(event.target.checked)}
          />
          <span>
            <b>Take signed messages alone</b>
            <br />
            <span className="muted">
              As Standard Webhooks has it, with a secret that is told once. TradingView signs nothing: leave it off for
              that.
            </span>
          </span>
        </label>
        {make.error && Object.keys(told).length === 0 && <Failure error={make.error} />}
      </form>
    </Dialog>
  );
}
