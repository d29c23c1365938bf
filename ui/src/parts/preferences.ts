/** What this browser shows and how; it is kept here, since the node does not keep it yet. */

import { useSyncExternalStore } from "react";
import { setZone } from "@/text/format";

export type Theme = "system" | "light" | "dark";
export type Book = "live" | "paper";

interface Preferences {
  theme: Theme;
  hidden: boolean;
  /** The zone that times are told in. */
  zone: string;
  /** Which money is shown; null until somebody chose: then what there is decides. */
  book: Book | null;
}

const KEY = "octobot.preferences";
const DEFAULTS: Preferences = { theme: "system", hidden: false, zone: "UTC", book: null };
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...(typeof kept === "object" ? kept : {}) };
  } catch {
    return DEFAULTS;
  }
}

function apply(): void {
  const classes = document.documentElement.classList;
  classes.toggle("light", current.theme === "light");
  classes.toggle("dark", current.theme === "dark");
  setZone(current.zone);
}

export function setPreference<K extends keyof Preferences>(name: K, value: Preferences[K]): void {
  current = { ...current, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing still shows it until it is closed.
  }
  apply();
  for (const listener of listeners) listener();
}

export function usePreference<K extends keyof Preferences>(name: K): Preferences[K] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current[name],
  );
}

apply();
// Another tab of this browser chose.
addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  current = read();
  apply();
  for (const listener of listeners) listener();
});
