/** Views that somebody kept: names for addresses of the list. In this browser, since the node keeps none yet. */

import { useSyncExternalStore } from "react";
import type { Search } from "./search";

export interface View {
  name: string;
  search: Search;
}

const MOST = 24;
const listeners = new Set<() => void>();
let kept: { user: string; views: readonly View[] } = { user: "", views: [] };

function key(user: string): string {
  return `octobot.views.${user}`;
}

export function readViews(user: string): readonly View[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(user)) ?? "[]");
    return Array.isArray(found)
      ? (found as View[]).filter((each) => typeof each?.name === "string").slice(0, MOST)
      : [];
  } catch {
    return [];
  }
}

function of(user: string): readonly View[] {
  if (kept.user !== user) kept = { user, views: readViews(user) };
  return kept.views;
}

function write(user: string, views: readonly View[]): void {
  kept = { user, views };
  try {
    localStorage.setItem(key(user), JSON.stringify(views));
  } catch {
    // A browser that keeps nothing still shows them until it is closed.
  }
  for (const listener of listeners) listener();
}

/** Keep a view; one of that name is replaced. */
export function keepView(user: string, view: View): void {
  write(user, [...of(user).filter((each) => each.name !== view.name), view].slice(-MOST));
}

export function forgetView(user: string, name: string): void {
  write(
    user,
    of(user).filter((each) => each.name !== name),
  );
}

export function useViews(user: string): readonly View[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => of(user),
  );
}

export function sameView(one: Search, two: Search): boolean {
  const text = (search: Search) => JSON.stringify(Object.entries(search).sort(([a], [b]) => a.localeCompare(b)));
  return text(one) === text(two);
}

// Another tab of this browser kept one.
addEventListener("storage", (event) => {
  if (event.key !== key(kept.user)) return;
  kept = { user: kept.user, views: readViews(kept.user) };
  for (const listener of listeners) listener();
});
