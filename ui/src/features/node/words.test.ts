import { expect, test } from "vitest";
import type { NodeRow, PluginRow } from "@/api/client/types.gen";
import { inOrder, provides, roleOf, stateOf, summary } from "./words";

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
  cpu: 0.1,
  memory: 120_000_000,
  ticks_per_second: 0,
  lag_median: null,
  lag_95: null,
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
