import { useState } from "react";
import type { AutomationDetail } from "@/features/automation/queries";
import { Dialog } from "@/parts/Dialog";
import { Amount } from "@/parts/Figures";
import { Failure } from "@/parts/States";
import { sign } from "@/text/decimal";
import * as format from "@/text/format";

export function AskToStop({
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

export function AskToDelete({
  detail,
  error,
  busy,
  onClose,
  onDelete,
}: {
  detail: AutomationDetail;
  error: Error | null;
  busy: boolean;
  onClose: () => void;
  onDelete: () => void;
}) {
  return (
    <Dialog
      title={`Delete ${detail.name}`}
      lead="It has ended. What it did can then be read in the activity and the audit alone."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="btn danger primary" type="button" disabled={busy} onClick={onDelete}>
            Delete
          </button>
        </>
      }
    >
      <ul className="do plain">
        <li>
          <span>
            <b>Removes</b> its orders, {format.count(detail.report.fills)}{" "}
            {detail.report.fills === 1 ? "fill" : "fills"}, its ledger and its configs. Export the CSV of its fills
            first if somebody will ask for it.
          </span>
        </li>
        <li>
          <span>
            <b>Leaves</b> what is on the exchange as it is.
          </span>
        </li>
      </ul>
      {error && <Failure error={error} />}
    </Dialog>
  );
}
