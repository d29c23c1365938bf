import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { accountsQuery } from "@/features/frame/queries";
import { Dialog } from "@/parts/Dialog";
import { Line } from "@/parts/forms/Line";
import { addressOf, type Wanted, type What } from "./exporting";

const WHAT: ReadonlyArray<{ value: What; label: string; hint: string }> = [
  { value: "tax", label: "For tax tools", hint: "Every fill, in the columns that tax tools read." },
  { value: "fills", label: "Fills", hint: "What was traded, at which price and fee." },
  { value: "orders", label: "Orders", hint: "Every order, with what became of it." },
  { value: "ledger", label: "Ledger", hint: "Every movement of money; all of an asset’s add up to its balance." },
];

/** What was traded or moved in a period, as a CSV file. */
export default function Export({ shown, onClose }: { shown: "live" | "paper"; onClose: () => void }) {
  const { data: accounts = [] } = useQuery(accountsQuery);
  const [wanted, setWanted] = useState<Wanted>({
    what: "tax",
    account: "",
    paper: shown === "paper",
    since: "",
    until: "",
  });
  const change = (part: Partial<Wanted>) => setWanted({ ...wanted, ...part });
  const fitting = accounts.filter((each) => (each.simulated === true) === wanted.paper);
  return (
    <Dialog
      title="Export"
      lead="A CSV file of a period, oldest first."
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Close
          </button>
          <a className="btn primary" href={addressOf(wanted)} download>
            Download
          </a>
        </>
      }
    >
      <div className="fields">
        <Line label="What" hint={WHAT.find((each) => each.value === wanted.what)?.hint}>
          {(props) => (
            <select {...props} value={wanted.what} onChange={(event) => change({ what: event.target.value as What })}>
              {WHAT.map((each) => (
                <option key={each.value} value={each.value}>
                  {each.label}
                </option>
              ))}
            </select>
          )}
        </Line>
        <div className="two-eq">
          <Line label="Money">
            {(props) => (
              <select
                {...props}
                value={wanted.paper ? "paper" : "live"}
                onChange={(event) => change({ paper: event.target.value === "paper", account: "" })}
              >
                <option value="live">Real money</option>
                <option value="paper">Play money</option>
              </select>
            )}
          </Line>
          <Line label="Account">
            {(props) => (
              <select {...props} value={wanted.account} onChange={(event) => change({ account: event.target.value })}>
                <option value="">All of them</option>
                {fitting.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </select>
            )}
          </Line>
          <Line label="From that day, UTC" optional>
            {(props) => (
              <input
                {...props}
                type="date"
                value={wanted.since}
                onChange={(event) => change({ since: event.target.value })}
              />
            )}
          </Line>
          <Line label="To that day, UTC" optional>
            {(props) => (
              <input
                {...props}
                type="date"
                value={wanted.until}
                onChange={(event) => change({ until: event.target.value })}
              />
            )}
          </Line>
        </div>
      </div>
    </Dialog>
  );
}
