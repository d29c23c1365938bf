import { useSyncExternalStore } from "react";

/** One clock for all that shows an age, so that a page of them asks for one timer. */
const listeners = new Set<() => void>();
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = new Date();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time by this browser, renewed each second. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, () => now);
}
