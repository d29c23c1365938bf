import { expect, test } from "vitest";
import { type Command, marked, offered } from "./commands";

function command(label: string, group: Command["group"], words = ""): Command {
  return { id: label, label, group, words, run: () => undefined };
}

const ALL = [
  command("Overview", "Go to"),
  command("Automations", "Go to"),
  command("Pause grid-btc", "Commands"),
  command("Stop grid-btc…", "Commands", "end close"),
  command("grid-btc", "Automations"),
];
const labels = (typed: string) => offered(ALL, typed).map((each) => each.label);

test("with nothing typed places come first", () => {
  expect(labels("")).toEqual(["Overview", "Automations", "grid-btc", "Pause grid-btc", "Stop grid-btc…"]);
});

test("every word that was typed must be in it, and other words for it count", () => {
  expect(labels("pause g")).toEqual(["Pause grid-btc"]);
  expect(labels("close")).toEqual(["Stop grid-btc…"]);
  expect(labels("grid")).toEqual(["Pause grid-btc", "Stop grid-btc…", "grid-btc"]);
  expect(labels("nothing of that")).toEqual([]);
});

test("what was typed is marked, and is no pattern", () => {
  expect(marked("Pause grid-btc", "grid pau")).toEqual([
    { text: "Pau", hit: true },
    { text: "se ", hit: false },
    { text: "grid", hit: true },
    { text: "-btc", hit: false },
  ]);
  expect(marked("a(b", "(")).toEqual([
    { text: "a", hit: false },
    { text: "(", hit: true },
    { text: "b", hit: false },
  ]);
});
