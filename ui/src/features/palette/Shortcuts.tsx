import { Dialog } from "@/parts/Dialog";
import { PLACES } from "./keys";

const ROWS: ReadonlyArray<{ keys: readonly string[]; what: string }> = [
  { keys: ["Ctrl", "K"], what: "Find or run a command" },
  { keys: ["Ctrl", "Shift", "K"], what: "Kill switch" },
  { keys: ["N"], what: "New automation" },
  { keys: ["?"], what: "These shortcuts" },
  { keys: ["Esc"], what: "Close what is open" },
];

/** Every key that does something. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Dialog
      title="Shortcuts"
      onClose={onClose}
      foot={
        <button className="btn" type="button" onClick={onClose}>
          Close
        </button>
      }
    >
      <dl className="facts shortcuts">
        {[...ROWS, ...PLACES.map((each) => ({ keys: ["G", each.key.toUpperCase()], what: each.label }))].map((row) => (
          <div key={row.what}>
            <dt>{row.what}</dt>
            <dd>
              {row.keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className="small muted">
        On a Mac, Command does what Ctrl does. In the list of automations arrows, Page and Home work.
      </p>
    </Dialog>
  );
}
