import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { AccountDetail } from "@/api/client/types.gen";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { Contact } from "./Contact";
import { MoneyAtExchange } from "./MoneyAtExchange";

const ACCOUNT = {
  secrets: ["market_data.token", "trading.key", "trading.secret"],
  id: "l1",
  name: "kraken-main",
  trading: "kraken",
  simulated: false,
  last_contact: null,
  contact_problem: "",
  egress_problem: "",
} as unknown as AccountDetail;

test("a connection is checked step by step, and what failed has its cure", async () => {
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes: ["accounts:write"] })),
    http.post("*/api/v1/accounts/l1/check", () =>
      HttpResponse.json({
        ok: false,
        strangers: [
          {
            id: "7",
            symbol: "BTC/USD",
            side: "buy",
            amount: "0.5",
            price: "30000",
            filled: "0",
            created_at: "2026-01-01T00:00:00Z",
          },
        ],
        steps: [
          { what: "market_data", ok: true, detail: "BTC/USD at 40,000", cure: "", seconds: 0.2 },
          { what: "balances", ok: false, detail: "the key may not look", cure: "give it that right", seconds: 0.1 },
        ],
      }),
    ),
  );
  showPage(<Contact account={ACCOUNT} />);
  await userEvent.click(await screen.findByRole("button", { name: "Check the connection" }));
  const others = await screen.findByRole("list", { name: "Orders of others" });
  expect(others.textContent).toContain("Buy 0.5 BTC at 30,000 USD");
  const steps = within(screen.getByRole("list", { name: "What was asked" })).getAllByRole("listitem");
  expect(steps.map((each) => each.textContent)).toEqual([
    "Prices comeBTC/USD at 40,0000.2 s",
    "It tells what money there is: no" + "the key may not look" + "Cure: give it that right" + "0.1 s",
  ]);
});

test("other keys are sent and shown nowhere, and nothing is sent of those that stay", async () => {
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes: ["accounts:write"] })),
    http.get("*/api/v1/exchanges", () =>
      HttpResponse.json({
        exchanges: [
          {
            name: "kraken",
            settings: {
              properties: {
                key: { type: "string", format: "password", writeOnly: true, title: "Key" },
                secret: { type: "string", format: "password", writeOnly: true, title: "Secret" },
              },
            },
          },
        ],
      }),
    ),
    http.post("*/api/v1/accounts/l1/rotate-keys", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({});
    }),
  );
  showPage(<Contact account={ACCOUNT} />);
  await userEvent.click(await screen.findByRole("button", { name: "Change its keys…" }));
  const field = (await screen.findByLabelText("Secret")) as HTMLInputElement;
  expect(field.type).toBe("password");
  await userEvent.type(field, "hunter2");
  await userEvent.type(screen.getByLabelText("Of its prices: token"), "t0ken");
  await userEvent.click(screen.getByRole("button", { name: "Change them" }));
  expect((await screen.findByRole("status")).textContent).toContain("They are changed");
  expect(sent).toEqual([{ trading: { secret: "hunter2" }, market_data: { token: "t0ken" }, check: true }]);
});

test("money that is left is told, and that automations count on more than there is", async () => {
  server.use(
    http.get("*/api/v1/accounts/l1/money", () =>
      HttpResponse.json({
        assets: [
          {
            asset: "USD",
            exchange: "900",
            free: "600",
            reserved: "400",
            unallocated: "-100",
            most: "0",
            value: "900",
          },
          { asset: "BTC", exchange: null, free: "0", reserved: "0", unallocated: null, most: null, value: null },
        ],
        currency: "USD",
        value: "900",
        unallocated_value: "-100",
        unvalued: ["BTC"],
        rates: [],
        as_of: "2026-01-01T00:00:00Z",
        problem: "",
      }),
    ),
  );
  showPage(<MoneyAtExchange account={ACCOUNT} />);
  expect((await screen.findByRole("alert")).textContent).toContain("count on more USD than there is");
  expect(screen.getByRole("row", { name: /^USD/ }).textContent).toBe("USD900.001,000.00\u2212100.00900.00");
  expect(screen.getByRole("row", { name: /^BTC/ }).textContent).toBe("BTCnot known–not knownnot known");
});
