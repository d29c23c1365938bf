/** A tab that is older than the node's pages finds their parts gone: it says so, and somebody loads it anew. */

import { useSyncExternalStore } from "react";

let outdated = false;
const listeners = new Set<() => void>();

export function watchForUpdates(): void {
  addEventListener("vite:preloadError", () => void look());
}

/** The node was away: perhaps for an update. */
export function lookForUpdate(): void {
  void look();
}

/** A part that cannot be fetched is gone, or its node is away: only a page that names another script says which. */
async function look(): Promise<void> {
  const own = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src");
  try {
    const page = await fetch("/index.html", { cache: "no-store" });
    if (!page.ok || !own || (await page.text()).includes(own)) return;
  } catch {
    return;
  }
  outdated = true;
  for (const listener of listeners) listener();
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
