import { screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { AutomationDetail } from "@/features/automation/queries";
import { showPage } from "../../../tests/render";
import { server } from "../../../tests/server";
import { Troubles } from "./Troubles";

const DETAIL = { id: "a1", account: "binance", account_id: "c1", status: "active", unknown_orders: 0 };

function node(order: object | null, mode = "live"): void {
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes: ["automations:write"] })),
    http.get("*/api/v1/orders", () => HttpResponse.json({ orders: order ? [order] : [], next_cursor: null })),
    http.get("*/api/v1/accounts", () => HttpResponse.json({ accounts: [{ id: "c1", mode }], next_cursor: null })),
  );
}

function drawn(detail: object = {}) {
  showPage(
    <>
      <Troubles detail={{ ...DETAIL, ...detail } as unknown as AutomationDetail} />
      <p>and the rest of its page</p>
    </>,
  );
}

test("why its last order was refused is said, with what helps against it", async () => {
  const reason = "50 USD is needed, 40 is free in the automation's budget";
  node({ id: "o1", status: "refused", reason, created_at: "2026-12-01T03:00:00Z" });
  drawn();
  expect((await screen.findByRole("status")).textContent).toContain("50 USD is needed, 40 is free");
  expect(await screen.findByRole("button", { name: "Change budget…" })).toBeTruthy();
});

test("an account that only observes and orders that nobody knows of lead to where that is settled", async () => {
  node({ id: "o1", status: "filled", reason: "", created_at: "2026-12-01T03:00:00Z" }, "observe");
  drawn({ unknown_orders: 2 });
  const observes = await screen.findByRole("link", { name: "Go live there…" });
  expect(observes.getAttribute("href")).toBe("/accounts/c1");
  expect(screen.getByRole("link", { name: "See why, and settle it" }).getAttribute("href")).toContain("tab=orders");
  expect(screen.getByText("What became of 2 orders is not known.")).toBeTruthy();
});

test("nothing is said of one that is paused: its status says why it does not trade", async () => {
  node({ id: "o1", status: "refused", reason: "no", created_at: "2026-12-01T03:00:00Z" });
  drawn({ status: "paused", unknown_orders: 1 });
  expect(await screen.findByText("and the rest of its page")).toBeTruthy();
  expect(screen.queryByRole("status")).toBeNull();
});
