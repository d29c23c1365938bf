import { expect, test } from "vitest";
import { bodyOf, draftOf, EMPTY, ratioOf, replayedOf, wrongWith } from "./draft";

test("percent become ratios without a float between them", () => {
  expect(["0.1", "10", "0.075", "100", "0", "12.5"].map(ratioOf)).toEqual([
    "0.001",
    "0.1",
    "0.00075",
    "1",
    "0",
    "0.125",
  ]);
});

test("what the node is asked for has what was filled in, and nothing else", () => {
  const draft = {
    ...EMPTY,
    type: "octobot_tentacles.dca",
    config: { symbol: "BTC/EUR", amount: "10", take_profit: "" },
    budget: "500",
    candles: ["c1"],
    start: "2022-01-05T00:00",
    slippage: "0.05",
    notes: " a note ",
  };
  expect(bodyOf(draft)).toEqual({
    type: "octobot_tentacles.dca",
    candles: ["c1"],
    budget: { EUR: "500" },
    config: { symbol: "BTC/EUR", amount: "10" },
    start: "2022-01-05T00:00:00Z",
    slippage: "0.0005",
    notes: "a note",
  });
});

test("what is missing or wrong is said before the node is asked", () => {
  expect(Object.keys(wrongWith(EMPTY))).toEqual(["candles", "budget"]);
  expect(
    wrongWith({
      ...EMPTY,
      candles: ["c"],
      budget: "1,000",
      taker_fee: "a lot",
      start: "2022-02-01T00:00",
      end: "2022-01-01T00:00",
    }),
  ).toEqual({
    budget: ["Write a number, with a point."],
    taker_fee: ["Write percent as a number: 0.1."],
    end: ["It ends after it begins."],
  });
});

test("a replay is done again with what it was of", () => {
  const replay = {
    run_file: {
      automations: [{ name: "grid", type: "octobot_tentacles.grid", budget: { USD: "5000" }, config: { levels: 10 } }],
    },
  };
  const of = replayedOf(replay);
  if (!of) throw new Error("nothing was found");
  expect(draftOf(of, { candles: ["c1"] })).toEqual({
    ...EMPTY,
    type: "octobot_tentacles.grid",
    config: { levels: 10 },
    budget: "5000",
    asset: "USD",
    candles: ["c1"],
  });
  expect(replayedOf({ run_file: {} })).toBeNull();
});
