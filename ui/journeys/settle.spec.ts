/** An order whose outcome nobody knows: what is known is said, each answer says what it does, and one is given. */

import AxeBuilder from "@axe-core/playwright";
import { api, expect, signIn, test } from "./node";

const PICTURES = process.env["PICTURES"];

/** An exchange that takes requests and answers none: whether an order reached it cannot be known. */
const SILENT = `
from decimal import Decimal

from octobot_node import hookimpl
from octobot_node.contracts.exchanges import Capabilities, TradingFactory
from octobot_node.contracts.wrapping import WrappedTrading
from pydantic import BaseModel


class Silent(WrappedTrading):
    def __init__(self, inner):
        super().__init__(inner)
        self.capabilities = Capabilities()

    async def create_order(self, request):
        raise TimeoutError("no answer within 10 s")

    async def find_order(self, symbol, client_order_id, since):
        return None


class Settings(BaseModel):
    balances: dict[str, Decimal] = {}


def opened(settings, account, context):
    return Silent(context.trading("paper", {"balances": settings.balances}))


@hookimpl
def register_trading(register):
    register(TradingFactory("silent", Settings, opened, simulated=True))
`;

test.use({ settings: { OCTOBOT_UNKNOWN_AFTER: "1" }, plugins: { "silent.py": SILENT } });

test("an order of unknown outcome is settled by who looked, and its money is free again", async ({ page }) => {
  await signIn(page);
  const account = {
    name: "quiet",
    market_data: { use: "simulated", seed: 7 },
    trading: { use: "silent" },
    balances: { USD: "1000" },
  };
  expect((await api(page, "POST", "/accounts", account)).status).toBe(201);
  const automation = {
    name: "dca",
    type: "dca",
    account: "quiet",
    budget: { USD: "500" },
    config: { symbol: "BTC/USD", amount: "100", every: "1d" },
  };
  expect((await api(page, "POST", "/automations", automation)).status).toBe(201);

  // The overview says it first, with what can be done about it.
  await page.goto("/");
  await page.getByRole("button", { name: "Settle it…" }).click();
  await page.getByRole("dialog", { name: "Orders of unknown outcome" }).getByRole("link", { name: "dca" }).click();
  await expect(page.getByText("It is not known whether the buy of BTC/USD reached the exchange.")).toBeVisible();
  await expect(page.getByText(/Reserved/)).toContainText("USD");
  await page.getByRole("button", { name: "Settle it…" }).click();
  const dialog = page.getByRole("dialog", { name: "What became of this buy?" });
  await expect(dialog).toContainText(/Buy 0\.\d+BTC at market/);
  await expect(dialog).toContainText("Its client id, to look for");
  await dialog.getByLabel(/It is not there, and never was/).check();
  // Not without having looked.
  await expect(dialog.getByRole("button", { name: "It was never sent" })).toBeDisabled();
  await dialog.getByLabel(/I looked at the exchange/).check();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/automation-settle.light.png` });
  await dialog.getByRole("button", { name: "It was never sent" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("No order is live.")).toBeVisible();
});
