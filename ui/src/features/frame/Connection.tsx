import { lastHeard, tryNow, useConnection } from "@/live/connection";
import { Shape } from "@/parts/Icon";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";

/** Whether the node is there, and since when what is shown is true. */
export function Connection() {
  const { state } = useConnection();
  const now = useNow();
  const age = format.span(Math.max(0, now.getTime() - lastHeard()));
  if (state === "live") {
    return (
      <span className="conn" title={`The node was heard ${age} ago`}>
        <Shape mark="active" />
        <span>
          <span className="w">Connected, </span>
          <span className="tnum">{age}</span>
        </span>
      </span>
    );
  }
  if (state === "connecting") {
    return (
      <span className="conn" title="Connecting">
        <Shape mark="waiting" />
        <span className="w">Connecting</span>
      </span>
    );
  }
  return (
    <span className="conn unk">
      <Shape mark="unknown" />
      <span>
        <span className="w">No answer for </span>
        <span className="tnum">{age}</span>
      </span>
    </span>
  );
}

/** What one must know when the node does not answer: that this is old, that the automations may go on, what one can do. */
export function Offline() {
  const { state, heardAt, retryAt } = useConnection();
  const now = useNow();
  // A restart, or a proxy that cuts: not worth a word.
  if (state !== "lost" || now.getTime() - heardAt < 4_000) return null;
  const again = retryAt ? Math.max(0, retryAt - now.getTime()) : 0;
  return (
    <div className="offline" role="alert">
      <Shape mark="unknown" />
      <p>
        <b>The node has not answered since {format.timeOfDay(new Date(heardAt))}.</b> What you see is from then. Your
        automations run on the node, not in this page: they may well go on. On its machine{" "}
        <code>octobot-node kill-switch on</code> works without this page.
      </p>
      <span className="muted nowrap tnum">Trying again{again > 999 ? ` in ${format.span(again)}` : ""}</span>
      <button className="btn small" type="button" onClick={tryNow}>
        Try now
      </button>
    </div>
  );
}
