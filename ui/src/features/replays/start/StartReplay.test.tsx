import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { afterEach, expect, test } from "vitest";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { symbolOf } from "./Candles";
import { keepReplayDraft } from "./draft";
import StartReplay from "./StartReplay";

const TYPE = {
  type: "octobot_tentacles.dca",
  name: "dca",
  title: "Regular buying",
  summary: "Buys.",
  tags: [],
  examples: [],
  presets: [],
  config: {
    type: "object",
    required: ["symbol", "amount"],
    properties: { symbol: { type: "string" }, amount: { type: "string", format: "decimal", title: "Amount" } },
  },
};
const SET = {
  id: "c1",
  name: "january",
  symbol: "BTC/USD",
  timeframe: "1m",
  candles: 45_031,
  start: "2022-01-01T00:00:00Z",
  end: "2022-02-01T00:00:00Z",
  missing: 0,
  notes: [],
};

afterEach(() => keepReplayDraft(null));

test("what is missing is said at its field, what the node says too, and nothing typed is lost", async () => {
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/types", () => HttpResponse.json({ types: [TYPE] })),
    http.get("*/api/v1/types/:type", () => HttpResponse.json(TYPE)),
    http.get("*/api/v1/candles", () => HttpResponse.json({ candle_sets: [SET], next_cursor: null })),
    http.post("*/api/v1/replays", async ({ request }) => {
      sent.push(await request.json());
      if (sent.length > 1) return HttpResponse.json({ id: "r1" }, { status: 201 });
      return HttpResponse.json(
        {
          type: "urn:octobot-node:problem:invalid",
          status: 422,
          detail: "no",
          request_id: "r",
          errors: [{ field: "body.config.amount", reason: "is less than the market's least" }],
        },
        { status: 422, headers: { "content-type": "application/problem+json" } },
      );
    }),
  );
  const { where } = showPage(<StartReplay from={{ type: "octobot_tentacles.dca" }} />);
  const start = await screen.findByRole("button", { name: "Start the replay" });
  await screen.findByLabelText("Amount");
  await userEvent.click(start);
  expect(screen.getByText("Choose the candles that it is replayed on.")).toBeTruthy();
  expect(screen.getByText("Give it money to begin with.")).toBeTruthy();
  expect(screen.getAllByText("This is needed.")).toHaveLength(2);
  expect(sent).toEqual([]);

  await userEvent.type(screen.getByLabelText("Symbol"), "BTC/USD");
  await userEvent.type(screen.getByLabelText("Amount"), "1");
  await userEvent.type(screen.getByLabelText("Money to begin with"), "500");
  await userEvent.click(screen.getByLabelText(/BTC\/USD january/));
  await userEvent.click(start);
  expect(await screen.findByText("Is less than the market's least")).toBeTruthy();
  expect((screen.getByLabelText("Amount") as HTMLInputElement).value).toBe("1");

  await userEvent.type(screen.getByLabelText("Amount"), "00");
  await userEvent.click(start);
  await waitFor(() => expect(where().pathname).toBe("/replays/r1"));
  expect(sent[1]).toEqual({
    type: "octobot_tentacles.dca",
    candles: ["c1"],
    budget: { USD: "500" },
    config: { symbol: "BTC/USD", amount: "100" },
  });
});

test("a market is guessed from a file's name, where it says one", () => {
  expect(["BTC-USD-1m-2022-01.csv.gz", "binance_ETH_USDT.feather", "candles.csv"].map(symbolOf)).toEqual([
    "BTC/USD",
    "ETH/USDT",
    "",
  ]);
});
