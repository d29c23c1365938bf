import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import type { AutomationDetail } from "@/features/automation/queries";
import { problem, showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import ShadowTab from "./ShadowTab";
import { bps, later } from "./words";

const DETAIL = {
  ...{ id: "a1", name: "grid", account: "binance", status: "active", shadow: true, paper: false },
  orders: [{ id: "o1" }, { id: "o2" }],
} as unknown as AutomationDetail;
const PATH = "*/api/v1/automations/a1/shadow";
const QUOTE = {
  ...{ asset: "USDT", pairs: 3, both: 1, missed: 1, missed_cost: "4000", live_only: 0, waits: 0, unknown: 1 },
  ...{ live_alone: 0, paper_alone: 0, slippage: "50", slippage_bps: "25", fee: null, fee_unknown: 1, later_ms: 1500 },
};
const PAIR = {
  ...{ at: "2026-11-30T12:00:00Z", symbol: "BTC/USDT", side: "buy", type: "market", tag: "market", short: "0" },
};
const SIDE = { id: "x", status: "filled", reason: "", filled: "0.5", price: "40000", fees: {}, filled_at: null };
const FIGURES = { slippage: "100", slippage_cost: "50", slippage_bps: "25", fee: "0.05", later_ms: 1500 };
const NONE = { slippage: null, slippage_cost: null, slippage_bps: null, fee: null, later_ms: null };
const REPORT = {
  ...{ automation: "grid", id: "a1", shadow: true, began_at: "2026-11-30T12:00:00Z", status: "active", reason: "" },
  ...{ observing: false, as_of: "2026-11-30T12:01:00Z", compared_since: "2026-11-30T12:00:00Z", left_out: 7 },
  money: [
    {
      ...{ asset: "USDT", live_equity: "990", paper_equity: null, pnl: null, live_realised: "0", paper_realised: "0" },
      ...{ realised: "0", live_fees: "0", paper_fees: "0", fees: "0" },
    },
  ],
  quotes: [QUOTE],
  orders: [
    { ...PAIR, ...FIGURES, outcome: "both", live: { ...SIDE, id: "l1", price: "40100" }, paper: SIDE },
    {
      ...{ ...PAIR, ...NONE, outcome: "missed", tag: "now or never" },
      live: { ...SIDE, id: "l2", status: "expired", reason: "too late", filled: "0", price: null },
      paper: { ...SIDE, id: "p2" },
    },
    {
      ...{ ...PAIR, ...NONE, outcome: "unknown", tag: "lost" },
      live: { ...SIDE, id: "l3", status: "unknown", filled: "0", price: null },
      paper: { ...SIDE, id: "p3" },
    },
  ],
};

function scoped(scopes: string[]): void {
  server.use(http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes })));
}

function reads(report: object = REPORT): void {
  scoped(["automations:read", "automations:write"]);
  server.use(http.get(PATH, () => HttpResponse.json(report)));
}

test("what differs is told as figures with their unit, and what is not known as that", async () => {
  reads();
  showPage(<ShadowTab detail={DETAIL} />);
  const slippage = await screen.findByText(/^Slippage, of 1/);
  expect(slippage.nextSibling?.textContent).toBe("+50.00USDT +25.00 bp");
  expect(screen.getByText(/^Missed fills/).nextSibling?.textContent).toBe("1 worth 4,000.00USDT");
  expect(screen.getByText("More paid in fees").nextSibling?.textContent).toBe("not known of 1 not known");
  expect(screen.getByText("Not known what became of the live one", { selector: "dt" }).nextSibling?.textContent).toBe(
    "1",
  );
  expect(screen.getByText("Worth live, and on paper").nextSibling?.textContent).toBe("990.00USDT, not known");
  expect(screen.getByText("PnL, live less paper").nextSibling?.textContent).toBe("no price is known");
  // Worse than paper is drawn as a loss, though it is above 0.
  expect(slippage.nextElementSibling?.querySelector("span")?.className).toBe("loss");
});

test("each pair stands in one row, with what became of it", async () => {
  reads();
  showPage(<ShadowTab detail={DETAIL} />);
  const table = await screen.findByRole("table");
  const [, both, missed, unknown] = within(table).getAllByRole("row");
  expect(both?.textContent).toContain("0.5BTC at 40,100.00");
  expect(both?.textContent).toContain("+100.00USDT +25.00 bp");
  expect(both?.textContent).toContain("later");
  expect(missed?.textContent).toContain("expired: too late");
  expect(missed?.textContent).toContain("Missed: filled on paper alone");
  expect(unknown?.className).toBe("u");
  expect(unknown?.textContent).toContain("Not known what became of the live one");
  expect(screen.getByText("7 older ones are in the sums above")).toBeTruthy();
});

test("one that has none is given one, once it was said what that does", async () => {
  scoped(["automations:write"]);
  const sent = vi.fn();
  server.use(
    http.post(PATH, () => {
      sent();
      return HttpResponse.json({ automation: "grid", id: "a1", shadow: true, note: "" });
    }),
  );
  showPage(<ShadowTab detail={{ ...DETAIL, shadow: false }} />);
  await userEvent.click(await screen.findByRole("button", { name: "Give it a shadow…" }));
  expect(screen.getByRole("dialog").textContent).toContain("Sends nothing to binance");
  expect(screen.getByRole("dialog").textContent).toContain("Its 2 live orders have a twin on paper");
  expect(sent).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Give it a shadow" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent).toHaveBeenCalledOnce();
});

test("it is taken away, and a refusal stays where it was asked", async () => {
  reads();
  server.use(http.delete(PATH, () => problem("conflict", 409, "'grid' has no shadow")));
  showPage(<ShadowTab detail={DETAIL} />);
  await userEvent.click(await screen.findByRole("button", { name: "Take it away…" }));
  expect(screen.getByRole("dialog").textContent).toContain("Deletes all that is known of how the two differ");
  await userEvent.click(screen.getByRole("button", { name: "Take it away" }));
  expect((await screen.findByRole("alert")).textContent).toContain("'grid' has no shadow");
  expect(screen.getByRole("dialog")).toBeTruthy();
});

test("whoever may only look is offered nothing", async () => {
  scoped(["automations:read"]);
  server.use(http.get(PATH, () => HttpResponse.json({ ...REPORT, observing: true, reason: "no price", orders: [] })));
  showPage(<ShadowTab detail={DETAIL} />);
  expect(await screen.findByText(/only observes/)).toBeTruthy();
  expect(screen.getByText("On paper: no price")).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Take it away/ })).toBeNull();
  expect(screen.queryByRole("table")).toBeNull();
});

test("a report that cannot be had says why, and is asked for again", async () => {
  scoped([]);
  server.use(http.get(PATH, () => problem("not-found", 404, "it is gone")));
  showPage(<ShadowTab detail={DETAIL} />);
  expect((await screen.findByRole("alert")).textContent).toContain("It is gone");
});

test("basis points and delays have their sign in words or digits", () => {
  expect([bps("25"), bps("-3.5"), bps("0")]).toEqual(["+25.00 bp", "−3.50 bp", "0.00 bp"]);
  expect([later(0), later(58), later(-61_000)]).toEqual([
    "at the same time",
    "58 ms later",
    expect.stringContaining("sooner"),
  ]);
});
