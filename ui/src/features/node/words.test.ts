import { expect, test } from "vitest";
import type { NodeRow, PluginRow } from "@/api/client/types.gen";
import { differs, inOrder, nameOf, provides, roleOf, stateOf, summary } from "./words";

const NODE: NodeRow = {
  id: "n1",
  role: "master",
  state: "live",
  leads: true,
  works: true,
  version: "0.1",
  plugins: "",
  host: "one",
  load: 0,
  heartbeat_age: 0.4,
  since: "2026-01-01T00:00:00Z",
  this: true,
  cpu: 0.31,
  memory: 188_000_000,
  ticks_per_second: 2.5,
  lag_median: 0.1,
  lag_95: 0.3,
  differs: [],
};

const PLUGIN: PluginRow = {
  name: "grid",
  version: "1",
  origin: "built-in",
  module: "m",
  status: "loaded",
  hooks: [],
  registers: {},
  commands: [],
  error: "",
  left_out: [],
  troubles: [],
  services: [],
};

test("how many nodes there are is one sentence", () => {
  expect(summary([{ ...NODE, role: "standalone" }])).toBe("One node, which does everything itself.");
  const consumer: NodeRow = { ...NODE, role: "consumer", leads: false };
  expect(summary([NODE, consumer, consumer, { ...consumer, state: "left" }])).toBe(
    "One master and two consumers on one database.",
  );
});

test("a node that is silent is not known, one that drifts needs somebody", () => {
  expect(stateOf({ ...NODE, state: "dead" })).toMatchObject({ dress: "unk", mark: "unknown" });
  expect(stateOf({ ...NODE, state: "drift" })).toMatchObject({ dress: "bad", mark: "held" });
  expect(roleOf(NODE)).toBe("Master, leads");
});

test("in what a node differs is said with what to do about it", () => {
  expect(differs({ name: "package fox", version: null, expected: "0.4.1" })).toBe(
    "package fox is not there: install 0.4.1",
  );
  expect(differs({ name: "type fox.x", version: "1", expected: null })).toBe(
    "type fox.x 1 is there alone: remove it, or install it on the one that leads",
  );
  expect(differs({ name: "package fox", version: "0.4.0", expected: "0.4.1" })).toBe(
    "package fox is 0.4.0 there, and 0.4.1 on the one that leads",
  );
});

test("what broke stands first, then what others made", () => {
  const broken: PluginRow = { ...PLUGIN, name: "zeta", origin: "package", status: "broken" };
  const other: PluginRow = { ...PLUGIN, name: "fox", origin: "package" };
  expect(inOrder([PLUGIN, other, broken]).map((each) => each.name)).toEqual(["zeta", "fox", "grid"]);
});

test("what a tentacle provides is said without the names of hooks", () => {
  const plugin = {
    ...PLUGIN,
    registers: { register_automations: ["grid"], register_odd_things: ["x"] },
    commands: ["c"],
  };
  expect(provides(plugin)).toEqual([
    { what: "Automation types", names: ["grid"] },
    { what: "Odd things", names: ["x"] },
    { what: "Commands", names: ["c"] },
  ]);
});

test("nodes of one machine are told apart by their ids, one that left from who came after it, too", () => {
  const first = { ...NODE, id: "0123456789" };
  const second = { ...NODE, id: "abcdefghij" };
  const elsewhere = { ...NODE, id: "9876543210", host: "two" };
  expect([first, second, elsewhere].map((each) => nameOf(each, [first, second, elsewhere]))).toEqual([
    "one 01234567",
    "one abcdefgh",
    "two",
  ]);
  const left = { ...second, state: "left" as const };
  expect([first, left].map((each) => nameOf(each, [first, left]))).toEqual(["one", "one abcdefgh"]);
  expect(nameOf({ ...first, host: "" }, [first])).toBe("01234567");
});
