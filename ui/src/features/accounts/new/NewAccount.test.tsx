import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import NewAccount from "./NewAccount";

const SECRET = { type: "string", format: "password", writeOnly: true };
const CAN = { dedupe: "open", lookup: "recent", request_expiry: true, exact: true };

function offer(name: string, title: string, exact: boolean, needs: string[] = []) {
  return {
    name,
    title,
    settings: { exchange: name },
    market_data: { use: "ccxt", exchange: name },
    capabilities: { ...CAN, exact },
    vouched: true,
    sandbox: false,
    needs,
    notes: [],
  };
}

const EXCHANGES = [
  {
    name: "ccxt",
    simulated: false,
    capabilities: null,
    settings: {
      type: "object",
      required: ["exchange", "api_key", "secret"],
      properties: {
        exchange: { type: "string", title: "Exchange" },
        api_key: { ...SECRET, title: "API key" },
        secret: { ...SECRET, title: "Secret" },
        password: { ...SECRET, title: "Password" },
      },
    },
    offers: [offer("binance", "Binance", true), offer("kucoin", "KuCoin", false, ["password"])],
  },
  { name: "paper", simulated: true, capabilities: CAN, settings: { type: "object", properties: {} }, offers: [] },
];
const PRICES = { type: "object", required: ["exchange"], properties: { exchange: { type: "string" } } };
const SOURCES = [
  { name: "ccxt", replay: false, settings: PRICES },
  { name: "simulated", replay: false, settings: { type: "object", properties: {} } },
];

test("a real exchange is chosen by its name, with what it promises, and begins by observing", async () => {
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes: ["accounts:write"] })),
    http.get("*/api/v1/exchanges", () => HttpResponse.json({ exchanges: EXCHANGES })),
    http.get("*/api/v1/markets/sources", () => HttpResponse.json({ sources: SOURCES })),
    http.get("*/api/v1/egress", () => HttpResponse.json({ routes: [] })),
    http.post("*/api/v1/accounts", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ id: "a1" }, { status: 201 });
    }),
  );
  showPage(<NewAccount kind={undefined} />);
  const where = await screen.findByLabelText("Orders go to");
  expect(screen.getByText("No order is lost or sent twice.")).toBeTruthy();
  await userEvent.selectOptions(where, "KuCoin");
  expect(screen.getByText("Each order is sent once.")).toBeTruthy();
  // Its prices come along, and which exchange it is nobody is asked again.
  expect(screen.getByLabelText<HTMLSelectElement>("Prices of").selectedOptions[0]?.text).toBe("KuCoin");
  expect(screen.queryByLabelText(/^Exchange/)).toBeNull();
  await userEvent.type(screen.getByLabelText("Name"), "main");
  await userEvent.type(screen.getByLabelText(/^API key/), "k");
  await userEvent.type(screen.getByLabelText(/^Secret/), "s");
  await userEvent.click(screen.getByRole("button", { name: "Add it" }));
  expect(await screen.findByText("This is needed.")).toBeTruthy();
  await userEvent.type(screen.getByLabelText(/^Password/), "p");
  await userEvent.click(screen.getByRole("button", { name: "Add it" }));
  expect(sent).toEqual([
    {
      name: "main",
      check: true,
      trading: { use: "ccxt", exchange: "kucoin", api_key: "k", secret: "s", password: "p" },
      market_data: { use: "ccxt", exchange: "kucoin" },
      mode: "observe",
    },
  ]);
});
