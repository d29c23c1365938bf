import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { beginSecondFactor, confirmSecondFactor, makeRecoveryCodes, removeSecondFactor } from "@/api/client/sdk.gen";
import type { Enrolment } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { secondFactorQuery } from "@/features/settings/queries";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Once } from "@/parts/forms/Once";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { QrCode } from "./QrCode";

/** Codes of an authenticator beside the password: set up, renewed, taken away. */
export default function SecondFactor() {
  const { data: factor, error, refetch } = useQuery(secondFactorQuery);
  const queries = useQueryClient();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const now = useNow();
  const begin = useMutation({ mutationFn: async () => (await beginSecondFactor()).data });
  const changed = async () => {
    await queries.invalidateQueries({ queryKey: secondFactorQuery.queryKey });
    await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    await queries.invalidateQueries({ queryKey: ["own-sessions"] });
  };
  const renew = useMutation({
    mutationFn: async () => (await makeRecoveryCodes()).data.codes,
    async onSuccess(next) {
      setCodes(next);
      await changed();
    },
  });
  const remove = useMutation({ mutationFn: () => removeSecondFactor(), onSuccess: changed });
  const [removes, setRemoves] = useState(false);
  return (
    <section className="blk" aria-labelledby="h-2f">
      <div className="section-head">
        <h2 id="h-2f">Second factor</h2>
        <span className="end">{factor && (factor.enabled ? "On" : "Off")}</span>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !factor ? (
        <Loading what="your second factor" rows={2} />
      ) : codes ? (
        <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />
      ) : begin.data && !factor.enabled ? (
        <Confirm
          enrolment={begin.data}
          onCancel={begin.reset}
          onConfirmed={async (next) => {
            setCodes(next);
            begin.reset();
            await changed();
          }}
        />
      ) : factor.enabled ? (
        <>
          <p className="says">
            Whoever signs in as you needs your authenticator
            {factor.confirmed_at && (
              <>
                , since <Moment at={factor.confirmed_at} now={now} />
              </>
            )}
            .{" "}
            <span className={factor.recovery_codes_left < 3 ? "warn" : "muted"}>
              {factor.recovery_codes_left} recovery codes are left.
            </span>
          </p>
          <p className="go">
            <button className="btn" type="button" disabled={renew.isPending} onClick={() => renew.mutate()}>
              New recovery codes
            </button>
            {removes ? (
              <button className="btn danger" type="button" disabled={remove.isPending} onClick={() => remove.mutate()}>
                Let the password alone do
              </button>
            ) : (
              <button className="btn quiet" type="button" onClick={() => setRemoves(true)}>
                Take it away…
              </button>
            )}
          </p>
          <Proving error={renew.error} onProved={() => renew.mutate()} />
          <Proving error={remove.error} onProved={() => remove.mutate()} />
        </>
      ) : (
        <>
          <p className="says muted">
            Codes of an authenticator on your phone, beside the password: who learns the one has not the other.
          </p>
          <p className="go">
            <button className="btn" type="button" disabled={begin.isPending} onClick={() => begin.mutate()}>
              Set it up
            </button>
          </p>
          <Proving error={begin.error} onProved={() => begin.mutate()} />
        </>
      )}
    </section>
  );
}

function Confirm({
  enrolment,
  onConfirmed,
  onCancel,
}: {
  enrolment: Enrolment;
  onConfirmed: (codes: readonly string[]) => void;
  onCancel: () => void;
}) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: async () => (await confirmSecondFactor({ body: { code } })).data.codes,
    onSuccess: onConfirmed,
  });
  const wrong = isProblem(confirm.error) && !isProblem(confirm.error, "proof-required");
  function submit(event: FormEvent): void {
    event.preventDefault();
    confirm.mutate();
  }
  return (
    <div className="enrol">
      <QrCode text={enrolment.address} label="QR code for your authenticator" />
      <form className="fields" onSubmit={submit} aria-label="Confirm the second factor">
        <p>
          Read it with an authenticator, or type this into one:{" "}
          <code className="secret">{spaced(enrolment.secret)}</code>
        </p>
        <Line
          label="The code that it shows"
          error={wrong ? "It is wrong, or was used: give the next one. Is the clock of the phone right?" : undefined}
        >
          {(props) => (
            <input
              {...props}
              autoComplete="one-time-code"
              inputMode="numeric"
              required
              value={code}
              onChange={(event) => setCode(event.target.value.trim())}
            />
          )}
        </Line>
        <p className="go">
          <button className="btn primary" type="submit" disabled={confirm.isPending || code.length < 6}>
            Ask for it from now on
          </button>
          <button className="btn quiet" type="button" onClick={onCancel}>
            Cancel
          </button>
        </p>
      </form>
      {!wrong && <Proving error={confirm.error} onProved={() => confirm.mutate()} />}
    </div>
  );
}

function spaced(secret: string): string {
  return secret.replace(/(.{4})(?=.)/g, "$1 ");
}

function RecoveryCodes({ codes, onKept }: { codes: readonly string[]; onKept: () => void }) {
  return (
    <>
      <p className="says">
        <b>Keep these where your phone is not.</b> Each opens your account once if the phone is gone. They are shown now
        and never again.
      </p>
      <Once label="Recovery codes" text={codes.join("\n")} file="octobot-recovery-codes.txt" />
      <p className="go">
        <button className="btn primary" type="button" onClick={onKept}>
          I have kept them
        </button>
      </p>
    </>
  );
}
