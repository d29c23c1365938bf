/** What the page hears of the node: through the shared worker, or by a stream of its own where there is none. */

import { EventReader, type Heard } from "./reader";
import type { Asked } from "./stream.worker";

export interface Stream {
  ask(what: Asked): void;
}

export function openStream(onHeard: (heard: Heard) => void): Stream {
  return typeof SharedWorker === "undefined" ? ownStream(onHeard) : sharedStream(onHeard);
}

function sharedStream(onHeard: (heard: Heard) => void): Stream {
  const worker = new SharedWorker(new URL("./stream.worker.ts", import.meta.url), { type: "module", name: "events" });
  let own: Stream | null = null;
  // A browser that refuses workers still shows what happens.
  worker.addEventListener("error", () => {
    own ??= ownStream(onHeard);
    own.ask("start");
  });
  worker.port.onmessage = ({ data }: MessageEvent<Heard>) => onHeard(data);
  addEventListener("pagehide", () => worker.port.postMessage("bye" satisfies Asked));
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  return { ask: (what) => (own ? own.ask(what) : worker.port.postMessage(what)) };
}

/** Only while the tab is seen: six of them would take every connection that a browser has for the node. */
function ownStream(onHeard: (heard: Heard) => void): Stream {
  const reader = new EventReader(onHeard);
  let wanted = false;
  const follow = () => (wanted && document.visibilityState === "visible" ? reader.start() : reader.stop());
  document.addEventListener("visibilitychange", follow);
  return {
    ask(what) {
      if (what === "hurry") return reader.hurry();
      wanted = what === "start";
      follow();
    },
  };
}
