import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { configsQuery } from "@/features/automation/config/queries";
import { Value } from "@/features/automation/config/Value";
import type { AutomationDetail } from "@/features/automation/queries";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Failure } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import type { Choice } from "./editing";

/** Two edited at once: both versions side by side, field by field, and one chooses; nothing that was typed is lost. */
export function Conflict({
  detail,
  choices,
  busy,
  error,
  onClose,
  onTake,
}: {
  detail: AutomationDetail;
  choices: readonly Choice[];
  busy: boolean;
  error: Error | null;
  onClose: () => void;
  onTake: (kept: readonly Choice[], andSave: boolean) => void;
}) {
  const { data: configs } = useQuery(configsQuery(detail.id));
  const now = useNow();
  const [picked, setPicked] = useState<Record<string, boolean>>({});
  const isMine = (choice: Choice) => picked[choice.field] ?? choice.mineFirst;
  const kept = choices.filter(isMine);
  const newest = configs?.configs[0];
  return (
    <Dialog
      wide
      title={`${detail.name} was changed meanwhile`}
      lead={
        newest ? (
          <>
            Its newest config is number {newest.number}, made by {newest.by || "its creator"} at{" "}
            <Moment at={newest.at} now={now} /> {format.zoneName()}. Nothing of yours was written yet: choose for each
            field.
          </>
        ) : (
          "Nothing of yours was written yet: choose for each field."
        )
      }
      onClose={onClose}
      foot={
        <>
          <button className="btn quiet" type="button" onClick={onClose}>
            Back to the form
          </button>
          <span className="grow" />
          <button className="btn" type="button" disabled={busy} onClick={() => onTake(kept, false)}>
            Into the form
          </button>
          <button className="btn primary" type="button" disabled={busy} onClick={() => onTake(kept, true)}>
            {kept.length === 0 ? "Leave it as it is now" : "Save these"}
          </button>
        </>
      }
    >
      {choices.length === 0 ? (
        <p className="muted">What holds now is what you typed: there is nothing to choose.</p>
      ) : (
        <div className="scroll">
          <table className="versus">
            <thead>
              <tr>
                <th>Field</th>
                <th>Before both</th>
                <th>Yours</th>
                <th>Now on the node</th>
              </tr>
            </thead>
            <tbody>
              {choices.map((choice) => (
                <tr key={choice.field}>
                  <th scope="row" className="mono">
                    {choice.field.replace(/^config\./, "")}
                  </th>
                  <td className="muted">
                    <Value value={choice.base} />
                  </td>
                  <td>
                    <Pick choice={choice} mine checked={isMine(choice)} onPick={setPicked} />
                  </td>
                  <td>
                    <Pick choice={choice} mine={false} checked={!isMine(choice)} onPick={setPicked} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {error && <Failure error={error} />}
    </Dialog>
  );
}

function Pick({
  choice,
  mine,
  checked,
  onPick,
}: {
  choice: Choice;
  mine: boolean;
  checked: boolean;
  onPick: (change: (was: Record<string, boolean>) => Record<string, boolean>) => void;
}) {
  return (
    <label className="pick">
      <input
        type="radio"
        name={choice.field}
        checked={checked}
        aria-label={`${choice.field}: ${mine ? "yours" : "now on the node"}`}
        onChange={() => onPick((was) => ({ ...was, [choice.field]: mine }))}
      />
      <Value value={mine ? choice.before : choice.after} />
    </label>
  );
}
