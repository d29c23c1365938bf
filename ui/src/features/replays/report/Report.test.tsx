import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { Performance, ReplayDetail } from "@/api/client/types.gen";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import Report from "./Report";

const figure = (value: string | null, reason = "") => ({ value, reason });

const PERFORMANCE: Performance = {
  asset: "USD",
  start: "2022-01-01T00:00:00Z",
  end: "2022-02-01T00:00:00Z",
  start_equity: "10000",
  final_equity: "9914.78",
  gain: "-85.22",
  total_return: figure("-0.008522"),
  cagr: figure(null, "it takes 90 days"),
  volatility: figure("0.21"),
  sharpe: figure("-1.234"),
  sortino: figure("-1.5"),
  calmar: figure(null, "it takes 90 days"),
  max_drawdown: null,
  days: 30,
  exposure: figure("0.97"),
  trades: 144,
  win_rate: figure("0.75"),
  profit_factor: figure("1.4"),
  expectancy: figure("3.1"),
  months: [{ month: "2022-01", value: "-0.008522", whole: false }],
};

const REPORT = {
  version: "0.9",
  clock: "virtual",
  started_at: "2026-11-30T16:45:00Z",
  ended_at: "2026-11-30T16:45:08Z",
  finished: true,
  candles: 45_031,
  gaps: [],
  notes: [],
  assumptions: {
    markets: [{ account: "replay", symbol: "BTC/USD", taker_fee: "0.001", maker_fee: "0.001" }],
    notes: ["Market orders fill at the next candle's open."],
  },
  automations: [
    {
      name: "grid",
      type: "octobot_tentacles.grid",
      fees: { USD: "93.25" },
      fills: 309,
      invested: "49480",
      asset: "USD",
      start_equity: "10000",
      final_equity: "9914.78",
      realised_pnl: "-303.98",
      unrealised_pnl: null,
      pnl_method: "average cost, net of fees",
      performance: PERFORMANCE,
      holding: {
        symbols: ["BTC/USD"],
        performance: { ...PERFORMANCE, gain: "-1686.90", total_return: figure("-0.16869") },
        reason: "",
      },
      findings: [],
      problems: [],
    },
  ],
};

const REPLAY = { id: "r1", run_file: {}, results: [] } as unknown as ReplayDetail;

test("a report has its figures beside holding, says why one is not told, and what all of it rests on", async () => {
  server.use(
    http.get("*/api/v1/replays/r1/report", () => HttpResponse.json({ id: "r1", name: "r", report: REPORT })),
    http.get("*/api/v1/replays/r1/curves", () =>
      HttpResponse.json({
        id: "r1",
        curves: [
          {
            automation: "grid",
            asset: "USD",
            start_equity: "10000",
            times: [1_641_000_000_000, 1_641_100_000_000],
            equity: ["10000", "9914.78"],
            drawdown: ["0", "0.008522"],
            holding: ["10000", "8313.1"],
          },
        ],
      }),
    ),
  );
  showPage(<Report replay={REPLAY} automation="grid" />);
  expect((await screen.findByRole("row", { name: /Total return/ })).textContent).toContain("\u22120.85 %\u221216.87 %");
  expect(screen.getByRole("row", { name: /^Growth of a year/ }).textContent).toContain("it takes 90 days");
  expect(screen.getByRole("row", { name: /On what it holds/ }).textContent).toContain("a price is missing");
  expect(screen.getByRole("row", { name: /Jan 2022 in part/ }).textContent).toContain("\u22120.85 %");
  expect(screen.getByText("45,031, none missing")).toBeTruthy();
  // Of the candles, not of the minute in which it ran.
  expect(screen.getByText("1 Jan 2022 00:00 to 1 Feb 2022 00:00")).toBeTruthy();
  expect(screen.getByText(/next candle's open/)).toBeTruthy();
  expect(await screen.findByRole("img", { name: /Value of grid in USD, from 10,000.00 to 9,914.78/ })).toBeTruthy();
  // The curves are read by keys, too.
  const along = screen.getByRole("slider");
  expect(along.getAttribute("aria-valuetext")).toContain("grid 9,914.78, Holding 8,313.10");
  await userEvent.click(screen.getByRole("button", { name: "What they mean" }));
  expect(screen.getByText(/Final by start equity/)).toBeTruthy();
});
