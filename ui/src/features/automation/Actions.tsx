import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { pauseAutomation, resumeAutomation, runAutomation, stopAutomation } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Amount } from "@/parts/Figures";
import { Failure } from "@/parts/States";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";

type Command = "pause" | "resume" | "run" | "stop" | "close";

const PAUSES = new Set(["active", "waiting"]);
const STOPS = new Set(["active", "waiting", "paused", "held", "failed"]);

/** What can be done with an automation, as it is; stopping asks first. */
export function Actions({ detail, etag }: { detail: AutomationDetail; etag: string | null }) {
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const [asking, setAsking] = useState(false);
  const command = useCommand(detail, etag);
  if (!session?.scopes.includes("automations:write")) {
    return <p className="actions small muted">You may look; a trader may pause and stop it.</p>;
  }
  const off = command.isPending || state === "lost" || state === "signed-out";
  return (
    <div className="actions">
      {PAUSES.has(detail.status) && (
        <button className="btn" type="button" disabled={off} onClick={() => command.mutate("pause")}>
          Pause
        </button>
      )}
      {detail.status === "paused" && (
        <button className="btn" type="button" disabled={off} onClick={() => command.mutate("resume")}>
          Resume
        </button>
      )}
      {detail.status === "active" && (
        <button
          className="btn desk-only"
          type="button"
          disabled={off}
          onClick={() => command.mutate("run")}
          title="Decide now, before it is due"
        >
          Run now
        </button>
      )}
      {STOPS.has(detail.status) && (
        <button className="btn" type="button" disabled={off} onClick={() => setAsking(true)}>
          Stop…
        </button>
      )}
      {command.error && !asking && (
        <div className="fail">
          <Failure error={command.error} />
        </div>
      )}
      {asking && (
        <AskToStop
          detail={detail}
          error={command.error}
          busy={command.isPending}
          onClose={() => {
            command.reset();
            setAsking(false);
          }}
          onStop={(what) => command.mutate(what, { onSuccess: () => setAsking(false) })}
        />
      )}
    </div>
  );
}

function useCommand(detail: AutomationDetail, etag: string | null) {
  const queries = useQueryClient();
  return useMutation({
    async mutationFn(what: Command) {
      const path = { automation: detail.id };
      // What one sees is what one decides about: if somebody edited it meanwhile, the node says so.
      const headers = etag ? { "If-Match": etag } : {};
      switch (what) {
        case "pause":
          return pauseAutomation({ path, headers });
        case "resume":
          return resumeAutomation({ path, headers });
        case "run":
          return runAutomation({ path, headers });
        case "stop":
          return stopAutomation({ path, headers, body: { close: false } });
        case "close":
          return stopAutomation({ path, headers, body: { close: true } });
      }
    },
    onSettled() {
      void queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      void queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
}

function AskToStop({
  detail,
  error,
  busy,
  onClose,
  onStop,
}: {
  detail: AutomationDetail;
  error: Error | null;
  busy: boolean;
  onClose: () => void;
  onStop: (what: "stop" | "close") => void;
}) {
  const [close, setClose] = useState(false);
  const held = detail.positions.filter((position) => sign(position.amount) > 0);
  const live = detail.orders.length;
  return (
    <Dialog
      title={`Stop ${detail.name}`}
      lead="It decides nothing any more, and cannot be resumed."
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
            disabled={busy}
            onClick={() => onStop(close ? "close" : "stop")}
          >
            {close ? "Stop and sell" : "Stop"}
          </button>
        </>
      }
    >
      <ul className="do plain">
        <li>
          <span>
            {live === 0 ? (
              "No order of its own is live."
            ) : (
              <b>Cancels {live === 1 ? "its one order" : `its ${format.count(live)} orders`}</b>
            )}
          </span>
        </li>
        {held.map((position) => (
          <li key={position.symbol}>
            <span>
              {close ? <b>Sells</b> : "Leaves"}{" "}
              <Amount value={position.amount} asset={position.symbol.split("/")[0] ?? ""} />
              {close ? " at market" : " as it is"}
            </span>
          </li>
        ))}
      </ul>
      {held.length > 0 && (
        <label className="opt">
          <input
            className="check"
            type="checkbox"
            checked={close}
            onChange={(event) => setClose(event.target.checked)}
          />
          <span>
            <b>Sell what it holds, at market</b>
            <br />
            <span className="muted">Costs the fee and the spread, and cannot be undone.</span>
          </span>
        </label>
      )}
      {error && <Failure error={error} />}
    </Dialog>
  );
}
