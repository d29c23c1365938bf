/** Keys of every page: one alone, or G and then a letter; what somebody types into a field is theirs. */

export const PLACES = [
  { key: "o", to: "/", label: "Overview", icon: "overview" },
  { key: "a", to: "/automations", label: "Automations", icon: "list" },
  { key: "r", to: "/replays", label: "Replays", icon: "replay" },
  { key: "c", to: "/accounts", label: "Accounts", icon: "account" },
  { key: "t", to: "/activity", label: "Activity", icon: "activity" },
  { key: "n", to: "/node", label: "Node", icon: "node" },
  { key: "s", to: "/settings", label: "Settings", icon: "settings" },
] as const;

export type Meant =
  | { what: "palette" }
  | { what: "help" }
  | { what: "new" }
  | { what: "go"; to: (typeof PLACES)[number]["to"] }
  | null;

const SECOND_MS = 1_200;

export function makeKeys(now: () => number = () => Date.now()): (event: KeyboardEvent) => Meant {
  let began = Number.NEGATIVE_INFINITY;
  return (event) => {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && key === "k") return { what: "palette" };
    if (event.ctrlKey || event.metaKey || event.altKey || types(event.target)) return null;
    const second = now() - began < SECOND_MS;
    began = Number.NEGATIVE_INFINITY;
    if (second) {
      const place = PLACES.find((each) => each.key === key);
      return place ? { what: "go", to: place.to } : null;
    }
    if (key === "g") began = now();
    if (event.key === "?") return { what: "help" };
    return key === "n" ? { what: "new" } : null;
  };
}

function types(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input:not([type=checkbox]), textarea, select, dialog") !== null;
}
