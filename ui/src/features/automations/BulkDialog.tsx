import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Icon, Shape } from "@/parts/Icon";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";
import { type Chosen, type Command, type Course, goThrough, NOTHING } from "./bulk";
import { WORDS } from "./bulkWords";

/** What it would do, counted before anything is done; one press; then what was done, and what was not and why. */
export default function BulkDialog({
  command,
  chosen,
  count,
  onClose,
  onDone,
}: {
  command: Command;
  chosen: Chosen;
  count: number;
  onClose: () => void;
  onDone: () => void;
}) {
  const [looked, setLooked] = useState<Course>(NOTHING);
  const [did, setDid] = useState<Course | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [runs, setRuns] = useState(false);
  const stop = useRef(new AbortController());
  const { state } = useConnection();
  const queries = useQueryClient();
  const words = WORDS[command];
  const look = useCallback(() => {
    const stopped = new AbortController();
    stop.current = stopped;
    setError(null);
    setLooked(NOTHING);
    goThrough(command, chosen, true, (course) => !stopped.signal.aborted && setLooked(course), stopped.signal).catch(
      (problem) => !stopped.signal.aborted && setError(problem),
    );
    return () => stopped.abort();
  }, [command, chosen]);
  useEffect(look, [look]);

  async function go(): Promise<void> {
    const stopped = new AbortController();
    stop.current = stopped;
    setError(null);
    setRuns(true);
    setDid(NOTHING);
    try {
      await goThrough(command, chosen, false, setDid, stopped.signal);
    } catch (problem) {
      setError(problem);
    }
    setRuns(false);
    await queries.invalidateQueries({ queryKey: ["lists"] });
    onDone();
  }
  const shown = did ?? looked;
  const asked = `${format.count(count)} ${count === 1 ? "automation" : "automations"}`;
  return (
    <Dialog
      title={did ? words.title(asked) : `${words.title(asked)}: dry run`}
      lead={lead(did, runs, looked)}
      onClose={() => {
        stop.current.abort();
        onClose();
      }}
      foot={
        <>
          <span className="small muted grow">
            {did ? "" : "Whoever changes in between is judged again when it is done."}
          </span>
          {did && !runs ? (
            <button className="btn primary" type="button" onClick={onClose}>
              Close
            </button>
          ) : did ? (
            <button className="btn" type="button" onClick={() => stop.current.abort()}>
              Stop here
            </button>
          ) : (
            <>
              <button className="btn" type="button" onClick={onClose}>
                Cancel
              </button>
              <button
                className={`btn primary ${words.danger ? "danger" : ""}`}
                type="button"
                disabled={!looked.finished || looked.done === 0 || state === "lost" || state === "signed-out"}
                onClick={() => void go()}
              >
                {words.button} {looked.finished ? format.count(looked.done) : ""}
              </button>
            </>
          )}
        </>
      }
    >
      {!shown.finished && error === null && <Progress course={shown} />}
      <ul className="do" aria-live="polite">
        {(shown.done > 0 || shown.finished) && (
          <li>
            <Icon name="ok" />
            <span>
              <b>
                {format.count(shown.done)} {did ? words.did : words.will}
              </b>
              <br />
              <span className="muted">{words.effect}</span>
            </span>
          </li>
        )}
        {shown.reasons.slice(0, 8).map(({ reason, count: times }) => (
          <li key={reason}>
            <Shape mark="skipped" />
            <span>
              <b>{format.count(times)} will not</b>
              <br />
              <span className="muted">{reason.charAt(0).toUpperCase() + reason.slice(1)}</span>
            </span>
          </li>
        ))}
        {shown.reasons.length > 8 && (
          <li>
            <span />
            <span className="muted">and {format.count(shown.reasons.length - 8)} reasons more</span>
          </li>
        )}
      </ul>
      {error !== null && <Failure error={error} {...(did ? {} : { onRetry: look })} />}
      {error !== null && did && (
        <p className="small muted">
          What was done until then is done; look again before you go on: the rest is as it was.
        </p>
      )}
    </Dialog>
  );
}

function lead(did: Course | null, runs: boolean, looked: Course): string {
  if (did) return runs ? "Each is changed whole, or not at all." : did.finished ? "Done." : "Stopped on the way.";
  return looked.finished
    ? "Nothing was changed yet. Each was looked at as it is now."
    : "Nothing was changed yet. Each is looked at as it is now.";
}

function Progress({ course }: { course: Course }) {
  return (
    <div className="meter">
      <progress max={Math.max(1, course.total)} value={course.looked} aria-label="How far it is" />
      <span className="small muted tnum">
        {course.total > 0 ? `${format.count(course.looked)} of ${format.count(course.total)}` : "Counting"}
      </span>
    </div>
  );
}
