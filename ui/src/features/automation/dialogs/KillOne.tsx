import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { throwKillSwitch } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { Checklist } from "@/features/kill-switch/Checklist";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Icon, Shape } from "@/parts/Icon";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";

/** The kill switch for this one alone: what it will do, one confirmation, then what its exchange confirmed. */
export function KillOne({ detail, onClose }: { detail: AutomationDetail; onClose: () => void }) {
  const [thrown, setThrown] = useState<string | null>(null);
  return thrown ? (
    <Checklist id={thrown} onClose={onClose} />
  ) : (
    <Confirm detail={detail} onClose={onClose} onThrown={setThrown} />
  );
}

function Confirm({
  detail,
  onClose,
  onThrown,
}: {
  detail: AutomationDetail;
  onClose: () => void;
  onThrown: (id: string) => void;
}) {
  const [reason, setReason] = useState("");
  const why = useId();
  const { state } = useConnection();
  const queries = useQueryClient();
  const kill = useMutation({
    mutationFn: async () =>
      (
        await throwKillSwitch({
          body: { scope: "automation", target: detail.id, reason: reason.trim() || "thrown on the dashboard" },
        })
      ).data,
    onSuccess({ switch: row }) {
      void queries.invalidateQueries({ queryKey: ["lists"] });
      void queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      onThrown(row.id);
    },
  });
  const resting = detail.orders.filter((order) => order.status !== "unknown").length;
  const unknown = detail.orders.length - resting;
  return (
    <Dialog
      title={`Kill switch for ${detail.name}`}
      lead="Stops its sending at once, cancels what rests, and shows what the exchange confirmed. Others go on."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className="btn danger primary"
            type="button"
            disabled={kill.isPending || state === "signed-out"}
            onClick={() => kill.mutate()}
          >
            <Icon name="kill" />
            Stop its sending
          </button>
        </>
      }
    >
      <ul className="do">
        <li>
          <Icon name="kill" />
          <span>
            <b>Sends nothing more</b> from the moment you press. It goes on deciding; what it plans stays here.
          </span>
        </li>
        <li>
          <Shape mark="cancelled" />
          <span>
            {resting === 0 ? (
              "No order of its own rests."
            ) : (
              <>
                <b>Cancels {resting === 1 ? "its one order" : `its ${format.count(resting)} orders`}</b> on{" "}
                {detail.account}
              </>
            )}
          </span>
        </li>
        {unknown > 0 && (
          <li>
            <Shape mark="unknown" />
            <span>
              <b>Asks for {unknown === 1 ? "the order" : `${format.count(unknown)} orders`} of unknown outcome</b> until
              the exchange has answered
            </span>
          </li>
        )}
      </ul>
      <p className="keep">
        What it holds stays as it is. To end it and sell, use <i>Stop…</i> instead.
      </p>
      <div className="field why">
        <label htmlFor={why}>Why, for whoever reads it later</label>
        <div className="input">
          <input id={why} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
        </div>
      </div>
      {kill.error && <Failure error={kill.error} />}
    </Dialog>
  );
}
