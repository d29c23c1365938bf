/** A tab that is older than the node's pages finds their parts gone: it says so, and reloads without losing a draft. */

import { useSyncExternalStore } from "react";

let outdated = false;
const listeners = new Set<() => void>();

export function watchForUpdates(): void {
  addEventListener("vite:preloadError", (event) => {
    event.preventDefault();
    outdated = true;
    for (const listener of listeners) listener();
  });
}

export function useOutdated(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => outdated,
  );
}
