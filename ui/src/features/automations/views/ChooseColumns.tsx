import { useNavigate } from "@tanstack/react-router";
import { Dialog } from "@/parts/Dialog";
import { COLUMNS, columnsOf, written } from "./columns";

/** Which columns are shown; the address keeps it, and so does a saved view. */
export function ChooseColumns({ chosen, onClose }: { chosen: string | undefined; onClose: () => void }) {
  const navigate = useNavigate({ from: "/automations/" });
  const keys = new Set(columnsOf(chosen, false).map(({ key }) => key));
  const show = (columns: string | undefined) =>
    void navigate({ search: (was) => ({ ...was, columns }), replace: true });
  return (
    <Dialog
      title="Columns"
      lead="The address keeps them: a view that is saved has them, too."
      onClose={onClose}
      foot={
        <>
          <button className="btn quiet" type="button" onClick={() => show(undefined)}>
            The usual ones
          </button>
          <span className="grow" />
          <button className="btn primary" type="button" onClick={onClose}>
            Done
          </button>
        </>
      }
    >
      <div className="choose">
        {COLUMNS.map(({ key, title }) => (
          <label key={key}>
            <input
              className="check"
              type="checkbox"
              checked={keys.has(key)}
              disabled={key === "name"}
              onChange={() => {
                const next = new Set(keys);
                if (next.has(key)) next.delete(key);
                else next.add(key);
                show(written(next));
              }}
            />
            {title}
          </label>
        ))}
      </div>
    </Dialog>
  );
}
