/** What keys may do, as far as their maker may: by what it is about, and in sets that people ask for. */

export interface Group {
  name: string;
  label: string;
  scopes: Array<{ scope: string; label: string }>;
}

export interface Preset {
  label: string;
  scopes: string[];
}

const LABELS: Record<string, string> = { read: "look", write: "change", own: "one’s own" };

export function groups(own: readonly string[]): Group[] {
  const found = new Map<string, Group>();
  for (const scope of own) {
    const [name = "", right = ""] = scope.split(":");
    const words = name.replaceAll("-", " ");
    const group = found.get(name) ?? { name, label: words.charAt(0).toUpperCase() + words.slice(1), scopes: [] };
    group.scopes.push({ scope, label: LABELS[right] ?? right });
    found.set(name, group);
  }
  return [...found.values()].sort((a, b) => a.label.localeCompare(b.label));
}

export function presets(own: readonly string[]): Preset[] {
  const may = (wanted: readonly string[]) => wanted.filter((each) => own.includes(each));
  return [
    { label: "Only metrics", scopes: may(["metrics:read"]) },
    { label: "Only look", scopes: own.filter((each) => each.endsWith(":read")) },
    {
      label: "Trade",
      scopes: may([
        "accounts:read",
        "automations:read",
        "automations:write",
        "events:read",
        "markets:read",
        "orders:read",
        "orders:write",
        "signals:write",
      ]),
    },
    { label: "Kill switch", scopes: may(["kill-switch:read", "kill-switch:write"]) },
  ].filter((each) => each.scopes.length > 0);
}
