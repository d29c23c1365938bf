import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { observeAccount, planAccountLive, takeAccountLive } from "@/api/client/sdk.gen";
import type { AccountDetail } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { Proving } from "@/features/session/Proving";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Line } from "@/parts/forms/Line";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { sentence } from "@/text/sentences";

const AMOUNT = /^\d+(\.\d+)?$/;

/** Whether its orders are sent: what is done about it is said first, and asked. */
export function Mode({ account }: { account: AccountDetail }) {
  const { state } = useConnection();
  const [asks, setAsks] = useState(false);
  const off = state === "lost" || state === "signed-out";
  const observes = account.mode === "observe";
  return (
    <>
      <button
        className={observes ? "btn primary" : "btn"}
        type="button"
        disabled={off || (observes && account.problem !== "")}
        onClick={() => setAsks(true)}
      >
        {observes ? "Go live…" : "Only observe…"}
      </button>
      {asks && observes && <GoLive account={account} onClose={() => setAsks(false)} />}
      {asks && !observes && <Observe account={account} onClose={() => setAsks(false)} />}
    </>
  );
}

function GoLive({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const [most, setMost] = useState(String(account.limits["max_first_day"] ?? ""));
  const queries = useQueryClient();
  const wrong = most !== "" && !AMOUNT.test(most);
  const given = most && !wrong ? { max_first_day: most } : {};
  const { data: plan, error } = useQuery({
    queryKey: ["lists", "account", account.id, "go-live", most],
    placeholderData: (before) => before,
    enabled: !wrong,
    queryFn: async () => (await planAccountLive({ path: { account: account.id }, query: given })).data,
  });
  const go = useMutation({
    mutationFn: () => takeAccountLive({ path: { account: account.id }, body: given }),
    async onSuccess() {
      onClose();
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const field = isProblem(go.error) ? go.error.fields.find((each) => each.field.endsWith("max_first_day")) : undefined;
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (!wrong) go.mutate();
  }
  return (
    <Dialog
      title={`Send the orders of ${account.name}`}
      lead={account.simulated ? "With play money." : "With real money, from now on."}
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Go on observing
          </button>
          <button
            className={account.simulated ? "btn primary" : "btn danger primary"}
            type="submit"
            form="go-live"
            disabled={wrong || !plan || go.isPending}
          >
            {go.isPending ? "Going live" : "Go live"}
          </button>
        </>
      }
    >
      <form id="go-live" onSubmit={submit} noValidate>
        {error && !plan ? <Failure error={error} /> : !plan ? <Loading what="what will happen" rows={3} /> : null}
        {plan && (
          <ul className="plain" aria-label="What will happen">
            {plan.will.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
        {plan?.warnings.map((each) => (
          <div className="note unk q" key={each} role="status">
            <Shape mark="unknown" />
            <p>{sentence(each.replace(/`max_first_day` sets one/, "the field below sets one"))}</p>
          </div>
        ))}
        <Line
          label="Most in the first 24 hours"
          hint="What buys together may cost, in each quote asset, and sales bring more than that. What goes beyond is refused."
          error={wrong ? "Write a number, with a point." : field?.reason}
          optional
        >
          {(props) => (
            <input
              {...props}
              inputMode="decimal"
              autoComplete="off"
              value={most}
              onChange={(event) => setMost(event.target.value.trim())}
            />
          )}
        </Line>
      </form>
      {!field && <Proving error={go.error} onProved={() => go.mutate()} />}
    </Dialog>
  );
}

function Observe({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const queries = useQueryClient();
  const observe = useMutation({
    mutationFn: () => observeAccount({ path: { account: account.id } }),
    async onSuccess() {
      onClose();
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  return (
    <Dialog
      title={`Send nothing of ${account.name}`}
      lead="Its automations go on deciding. Each order is written down as skipped, and none is sent."
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Go on sending
          </button>
          <button className="btn primary" type="button" disabled={observe.isPending} onClick={() => observe.mutate()}>
            Only observe
          </button>
        </>
      }
    >
      {account.open_orders > 0 && (
        <p>
          Orders that rest at the exchange stay there and may fill. To cancel them, too, throw the kill switch for this
          account.
        </p>
      )}
      {observe.error && <Failure error={observe.error} />}
    </Dialog>
  );
}
