/** What the palette offers, and which of it fits what was typed. */

import type { IconName, Mark } from "@/parts/Icon";

export interface Command {
  id: string;
  group: "Commands" | "Automations" | "Go to";
  label: string;
  /** More of it, at the right: what it does, or where it is. */
  hint?: string;
  keys?: readonly string[];
  icon?: IconName;
  mark?: Mark;
  /** Words that find it beside its label. */
  words?: string;
  run: () => void;
}

/** Each typed word begins a word of it, or stands in it. */
export function fits(command: Command, typed: string): boolean {
  return rank(command, typed) > 0;
}

function rank(command: Command, typed: string): number {
  const wanted = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return 1;
  const label = command.label.toLowerCase();
  const all = `${label} ${(command.words ?? "").toLowerCase()}`;
  let found = 0;
  for (const word of wanted) {
    if (label.startsWith(word)) found += 4;
    else if (label.split(/[^\p{L}\p{N}]+/u).some((each) => each.startsWith(word))) found += 3;
    else if (label.includes(word)) found += 2;
    else if (all.includes(word)) found += 1;
    else return 0;
  }
  return found;
}

const GROUPS = ["Commands", "Automations", "Go to"] as const;

/** What fits, group by group, the best first; nothing typed offers places before all else. */
export function offered(commands: readonly Command[], typed: string): Command[] {
  const found = commands
    .map((command, place) => ({ command, place, rank: rank(command, typed) }))
    .filter((each) => each.rank > 0)
    .sort((a, b) => b.rank - a.rank || a.place - b.place)
    .map((each) => each.command);
  const order = typed.trim() === "" ? (["Go to", "Automations", "Commands"] as const) : GROUPS;
  return order.flatMap((group) => found.filter((each) => each.group === group));
}

/** A label in pieces, those that were typed marked. */
export function marked(label: string, typed: string): Array<{ text: string; hit: boolean }> {
  const words = typed
    .split(/\s+/)
    .filter(Boolean)
    .map((each) => each.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (words.length === 0) return [{ text: label, hit: false }];
  const pattern = new RegExp(`(${words.join("|")})`, "iu");
  return label
    .split(new RegExp(pattern.source, "giu"))
    .filter(Boolean)
    .map((text) => ({ text, hit: pattern.test(text) }));
}
