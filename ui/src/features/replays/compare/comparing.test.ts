import { expect, test } from "vitest";
import type { ComparedReplay, Comparison } from "@/api/client/types.gen";
import { drawdownCurves, lessFirst, resultCurves } from "./comparing";

function replay(name: string, results: Array<string | null>, holding: string[] | null): ComparedReplay {
  return {
    id: name,
    name,
    automation: name,
    type: "octobot_tentacles.grid",
    asset: "USD",
    start_equity: "1000",
    results,
    drawdowns: results.map(() => "0.1"),
    holding,
  };
}

function comparison(...replays: ComparedReplay[]): Comparison {
  return { times: [1, 2], replays, figures: [], differences: [], notes: [] };
}

test("a difference is exact, and unknown where one of both is", () => {
  expect(lessFirst(["0.3", null, "0.1"], ["0.1", "0.1", null])).toEqual(["0.2", null, null]);
});

test("as differences the first is nothing, and the others are what they are more", () => {
  const found = resultCurves(comparison(replay("a", ["0", "0.1"], null), replay("b", ["0.05", "0.3"], null)), true);
  expect(found.map((each) => each.said(1))).toEqual(["0.00 %", "+20.00 %"]);
  expect(found.map((each) => each.short)).toEqual(["A", "B"]);
});

test("holding is drawn once where all replays have the same, and not where they differ", () => {
  const same = resultCurves(
    comparison(replay("a", ["0", "0"], ["0", "-0.1"]), replay("b", ["0", "0"], ["0", "-0.1"])),
    false,
  );
  expect(same.at(-1)?.said(1)).toBe("\u221210.00 %");
  const other = resultCurves(
    comparison(replay("a", ["0", "0"], ["0", "-0.1"]), replay("b", ["0", "0"], ["0", "0.2"])),
    false,
  );
  expect(other.map((each) => each.dress)).toEqual(["a", "b"]);
});

test("a drawdown is drawn below, and said without a sign", () => {
  const [first] = drawdownCurves(comparison(replay("a", ["0"], null)));
  expect(first?.values).toEqual([-10]);
  expect(first?.said(0)).toBe("10.00 %");
});
