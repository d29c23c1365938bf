import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { ReplayDetail } from "@/api/client/types.gen";
import { accountsQuery } from "@/features/frame/queries";
import { keepDraft } from "@/features/new/draft";
import { replayedOf } from "@/features/replays/start/draft";
import { Dialog } from "@/parts/Dialog";
import { Line } from "@/parts/forms/Line";
import { setPreference } from "@/parts/preferences";

/** The same type, config and budget on today's prices, with play money: the form is filled in, and one may look again. */
export function OnPaper({
  replay,
  automation,
  onClose,
}: {
  replay: ReplayDetail;
  automation: string;
  onClose: () => void;
}) {
  const { data: accounts } = useQuery(accountsQuery);
  const navigate = useNavigate();
  const paper = accounts?.filter((each) => each.simulated === true) ?? [];
  const [chosen, setChosen] = useState<string | null>(null);
  const account = chosen ?? paper[0]?.name ?? "";
  const of = replayedOf(replay, automation);
  function goOn(): void {
    if (!of || !account) return;
    const [money] = Object.entries(of.budget);
    keepDraft(of.type, {
      name: automation,
      account,
      asset: money?.[0] ?? "",
      budget: money?.[1] ?? "",
      config: of.config,
    });
    setPreference("book", "paper");
    void navigate({ to: "/new", search: { type: of.type } });
  }
  return (
    <Dialog
      title="Run this on paper"
      lead="The same type, config and budget, on today’s prices and with play money."
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          {paper.length > 0 ? (
            <button className="btn primary" type="button" disabled={!of || !account} onClick={goOn}>
              Fill in the form
            </button>
          ) : (
            <Link className="btn primary" to="/accounts/new" search={{ kind: "paper" }}>
              Add a paper account
            </Link>
          )}
        </>
      }
    >
      {!accounts ? null : paper.length === 0 ? (
        <p>There is no account with play money yet. Add one, then come back here.</p>
      ) : (
        <Line label="Account" hint="You see its plan before anything starts.">
          {(props) => (
            <select {...props} value={account} onChange={(event) => setChosen(event.target.value)}>
              {paper.map((each) => (
                <option key={each.id} value={each.name}>
                  {each.name}, prices of {each.market_data}
                </option>
              ))}
            </select>
          )}
        </Line>
      )}
    </Dialog>
  );
}
