import { expect, test } from "vitest";
import { bulkOf } from "./Needs";

const help = (operation: string, given: Record<string, unknown>) => ({ help: { operation, arguments: given } });

test("what the node offers to do about a cause is done to those it is about, and to nobody else", () => {
  expect(bulkOf(help("automations.bulk", { command: "resume", status: ["failed"], type: "a.grid" }))).toEqual({
    command: "resume",
    chosen: { filter: { status: ["failed"], type: "a.grid" } },
  });
  expect(bulkOf(help("automations.bulk", { command: "stop", ids: ["1", "2"] }))).toEqual({
    command: "stop",
    chosen: { ids: ["1", "2"] },
  });
  // What is not understood is not everything.
  expect(bulkOf(help("automations.bulk", { command: "resume", owner: "ada" }))).toBeNull();
  expect(bulkOf(help("automations.bulk", { command: "sell_all", status: ["failed"] }))).toBeNull();
  expect(bulkOf(help("nodes.list", {}))).toBeNull();
  expect(bulkOf({ help: null })).toBeNull();
});
