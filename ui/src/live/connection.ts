/** Whether the node is there, as of when: what the top bar shows, and what switches off buttons that write. */

import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { onAnswer, onSessionEnded } from "@/api/http";
import type { Heard, NodeEvent } from "./reader";
import { Renewal } from "./renewal";
import { openStream, type Stream } from "./stream";

export interface Connection {
  state: "connecting" | "live" | "lost" | "signed-out";
  /** When the node was heard last, by this browser's clock. */
  heardAt: number;
  retryAt: number | null;
}

let connection: Connection = { state: "connecting", heardAt: Date.now(), retryAt: null };
const listeners = new Set<() => void>();
const eventListeners = new Set<(event: NodeEvent) => void>();
let stream: Stream | null = null;

function become(next: Connection): void {
  const same = next.state === connection.state && next.retryAt === connection.retryAt;
  connection = next;
  // The age is drawn by the clock of the page; only a change of state is news.
  if (!same) for (const listener of listeners) listener();
}

export function useConnection(): Connection {
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection.state + String(connection.retryAt),
  );
  return connection;
}

export function lastHeard(): number {
  return connection.heardAt;
}

export function onEvent(listener: (event: NodeEvent) => void): () => void {
  eventListeners.add(listener);
  return () => eventListeners.delete(listener);
}

/** Begin to listen; what happens makes queries stale, gathered, so that a grid's start is one refetch and not 210. */
export function listen(queries: QueryClient): void {
  if (stream) {
    if (connection.state === "signed-out") become({ ...connection, state: "connecting" });
    stream.ask("start");
    return;
  }
  const renewal = new Renewal(queries);
  const heard = (what: Heard) => {
    if (what.type === "lost" && connection.state !== "signed-out")
      return become({ state: "lost", heardAt: what.since, retryAt: what.retryAt });
    if (what.type === "signed-out") {
      if (connection.state === "signed-out") return;
      become({ state: "signed-out", heardAt: what.at, retryAt: null });
      void queries.invalidateQueries({ queryKey: ["session"] });
      return;
    }
    // A stream that was opened before goes on for a while; only one that is opened anew knows who signed in, perhaps
    // in another tab.
    if (connection.state === "signed-out") {
      if (what.type !== "open") return;
      void queries.invalidateQueries({ queryKey: ["session"] });
    }
    const wasLost = connection.state !== "live";
    become({ state: "live", heardAt: what.at, retryAt: null });
    if (what.type === "gap" || (what.type === "open" && wasLost)) renewal.everything();
    if (what.type === "event") {
      renewal.after(what.event);
      for (const listener of eventListeners) listener(what.event);
    }
  };
  stream = openStream(heard);
  stream.ask("start");
  onSessionEnded(() => heard({ type: "signed-out", at: Date.now() }));
  onAnswer((answered, at) => {
    if (answered && connection.state === "live") connection = { ...connection, heardAt: at };
    // The stream says itself when it is back; an answer means that it need not wait.
    if (answered && connection.state === "lost") stream?.ask("hurry");
  });
}

export function tryNow(): void {
  stream?.ask("hurry");
}
