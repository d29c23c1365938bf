import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { editReplay } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import { type LoadedReplay, replayQuery } from "@/features/replays/queries";
import { Line } from "@/parts/forms/Line";
import { Failure } from "@/parts/States";

/** What somebody noted of it, and what it is called. */
export function Notes({ loaded }: { loaded: LoadedReplay }) {
  const { replay, etag } = loaded;
  const [edits, setEdits] = useState(false);
  const [name, setName] = useState(replay.name);
  const [notes, setNotes] = useState(replay.notes);
  const id = useId();
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const { data, response } = await editReplay({
        path: { replay: replay.id },
        headers: { "If-Match": etag ?? "*" },
        body: { name: name.trim(), notes: notes.trim() },
      });
      return { replay: data, etag: response.headers.get("etag") };
    },
    onSuccess(next) {
      setEdits(false);
      queries.setQueryData(replayQuery(replay.id).queryKey, next);
      void queries.invalidateQueries({ queryKey: ["replays", "list"] });
    },
    // What the other one wrote is shown beside, and what was typed here stays.
    onError: () => void queries.invalidateQueries({ queryKey: replayQuery(replay.id).queryKey, exact: true }),
  });
  const stale = isProblem(save.error) && save.error.status === 412;
  function begin(): void {
    setName(replay.name);
    setNotes(replay.notes);
    save.reset();
    setEdits(true);
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    save.mutate();
  }
  return (
    <section className="blk notes" aria-labelledby={id}>
      <div className="section-head">
        <h2 id={id}>Notes</h2>
        {!edits && (
          <span className="end">
            <button className="btn small" type="button" onClick={begin}>
              {replay.notes ? "Edit" : "Write some"}
            </button>
          </span>
        )}
      </div>
      {edits ? (
        <form className="fields" onSubmit={submit} aria-label="Notes and name">
          <Line label="Name">
            {(props) => (
              <input
                {...props}
                required
                maxLength={128}
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Line>
          <div className="field">
            <label htmlFor={`${id}-notes`}>Notes</label>
            <textarea id={`${id}-notes`} rows={5} value={notes} onChange={(event) => setNotes(event.target.value)} />
          </div>
          {stale ? (
            <div className="note warn" role="alert">
              <p>
                <b>Somebody changed it meanwhile.</b> Theirs is “{replay.name}”
                {replay.notes ? `: ${replay.notes}` : ", without notes"}. Save again to put yours in its place.
              </p>
            </div>
          ) : (
            save.error && <Failure error={save.error} />
          )}
          <p className="go">
            <button className="btn primary" type="submit" disabled={save.isPending}>
              Save
            </button>
            <button className="btn quiet" type="button" onClick={() => setEdits(false)}>
              Cancel
            </button>
          </p>
        </form>
      ) : (
        <p className={replay.notes ? "doc" : "muted none"}>{replay.notes || "None yet."}</p>
      )}
    </section>
  );
}
