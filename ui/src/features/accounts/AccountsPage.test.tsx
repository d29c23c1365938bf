import { screen, within } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { showPage } from "../../../tests/render";
import { server } from "../../../tests/server";
import { AccountsPage } from "./AccountsPage";

const ACCOUNT = {
  id: "x",
  owner: "ada",
  market_data: "kraken",
  trading: "kraken",
  sending: true,
  limits: {},
  revision: 1,
  automations: 2,
  open_orders: 5,
  unknown_orders: 0,
  contact_problem: "",
  created_at: "2026-01-01T00:00:00Z",
};

function answer(accounts: object[], scopes: string[] = ["accounts:write"]) {
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes })),
    http.get("*/api/v1/accounts", () => HttpResponse.json({ accounts, next_cursor: null })),
    http.get("*/api/v1/totals", () =>
      HttpResponse.json({
        rows: [
          {
            account_id: "l1",
            asset: "USD",
            equity: "1200.5",
            today: "-3.25",
            today_unknown: 0,
            automations: 2,
            unpriced: [],
            start_equity: "1000",
            realised: "0",
          },
          {
            account_id: "l1",
            asset: "BTC",
            equity: "0.5",
            start_equity: "0.4",
            realised: "0",
            today: "0",
            today_unknown: 1,
            automations: 1,
            unpriced: [],
          },
        ],
        total: null,
        statuses: {},
        automations: 3,
        as_of: "2026-01-01T00:00:00Z",
      }),
    ),
  );
}

test("live and play money are apart, and what needs somebody is said in a word", async () => {
  answer([
    { ...ACCOUNT, id: "l1", name: "kraken-main", simulated: false, unknown_orders: 1 },
    { ...ACCOUNT, id: "l2", name: "away", simulated: false, contact_problem: "no answer within 10 s" },
    { ...ACCOUNT, id: "p1", name: "play", simulated: true, sending: false },
  ]);
  showPage(<AccountsPage />);
  const live = await screen.findByRole("table", { name: "Live" });
  const row = await within(live).findByRole("row", { name: /kraken-main/ });
  expect(row.textContent).toContain("1 order is unknown");
  expect(await within(row).findByText("1,200.50")).toBeTruthy();
  expect(row.textContent).toContain("\u22123.25");
  // What it is not known for is said so, and is no zero.
  expect(row.textContent).toContain("not known");
  expect(within(live).getByRole("row", { name: /away/ }).textContent).toContain("Its exchange does not answer");
  const paper = screen.getByRole("table", { name: "Play money" });
  expect(within(paper).getByRole("row", { name: /play/ }).textContent).toContain("Kill switch is on");
});

test("who may only look is offered no account", async () => {
  answer([], ["accounts:read"]);
  showPage(<AccountsPage />);
  expect(await screen.findByRole("heading", { name: "No account yet" })).toBeTruthy();
  expect(screen.queryByRole("link", { name: "Add an account" })).toBeNull();
});
