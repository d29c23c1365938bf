/** Each page, in both themes and at phone width: by axe, and as a picture where somebody asks for them. */

import { countMoves, LOOKS, looked, moved } from "./look";
import { api, expect, signIn, test } from "./node";

test.describe.configure({ mode: "serial", timeout: 300_000 });
test.use({ of: "pages" });

const ACCOUNT = {
  name: "play",
  market_data: { use: "simulated", seed: 7, volatility: 2 },
  trading: { use: "paper" },
  balances: { USD: "50000" },
};
const AUTOMATIONS = [
  {
    name: "dca-btc",
    type: "dca",
    account: "play",
    budget: { USD: "5000" },
    config: { symbol: "BTC/USD", amount: "100", every: "1m" },
  },
  {
    name: "grid-btc",
    type: "grid",
    account: "play",
    budget: { USD: "5000" },
    config: { symbol: "BTC/USD", around: "2", levels: 20, spend: "100" },
  },
  {
    name: "quick",
    type: "smart_trade",
    account: "play",
    budget: { USD: "1000" },
    config: { symbol: "ETH/USD", spend: "500", trailing: { percent: "5" } },
  },
];

for (const look of LOOKS) {
  test(`every page, ${look.name}`, { tag: look.name === "light" ? [] : ["@long"] }, async ({ page }) => {
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
    await page.setViewportSize(look.viewport);
    await page.goto("/sign-in");
    await looked(page, "sign-in", look.name);
    await signIn(page);
    if ((await api(page, "GET", "/automations")).status === 200 && look === LOOKS[0]) {
      await expect(page.getByRole("heading", { name: "Nothing trades yet" })).toBeVisible();
      await looked(page, "first-run", look.name);
      await api(page, "POST", "/accounts", ACCOUNT);
      for (const each of AUTOMATIONS) expect((await api(page, "POST", "/automations", each)).status).toBe(201);
    }
    await page.goto("/");
    await expect(page.getByText(/Value of 3 automations/)).toBeVisible();
    await expect(page.getByText(/dca-btc bought/).first()).toBeVisible();
    await expect(page.locator("figure svg.candles").first()).toBeVisible();
    await looked(page, "overview", look.name);
    await page.goto("/automations");
    await expect(page.getByRole("link", { name: "grid-btc" })).toBeVisible();
    await page.getByRole("checkbox", { name: "Mark grid-btc" }).check();
    await looked(page, "automations", look.name);
    await page.getByRole("button", { name: "Pause…" }).click();
    await expect(page.getByRole("button", { name: "Pause 1", exact: true })).toBeEnabled();
    await looked(page, "automations-bulk", look.name);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("link", { name: "grid-btc" }).click();
    await expect(page.getByText("last price")).toBeVisible();
    await expect(page.getByRole("img", { name: /BTC\/USD, candles/ })).toBeVisible();
    await looked(page, "automation", look.name);
    for (const [tab, seen] of [
      ["Orders and fills", "Resting and unsettled"],
      ["Money", "What it came to"],
      ["Log", "Was created"],
      ["Config", "Limits"],
      ["Signals", "Addresses that send here"],
    ] as const) {
      await page.getByRole("link", { name: tab, exact: tab === "Config" }).click();
      // Of a long log only the lines in sight are on the page.
      if (tab === "Log") await page.getByLabel("Search the log").fill("created");
      await expect(page.getByText(seen).first()).toBeVisible();
      await looked(page, `automation-${tab.toLowerCase().replaceAll(" ", "-")}`, look.name);
      if (tab === "Money") {
        await page.getByRole("button", { name: "Change budget…" }).click();
        await page.getByRole("textbox", { name: "Amount, USD" }).fill("100");
        await page.getByRole("button", { name: "Give 100 USD" }).click();
        // Once in each look so far.
        await expect(page.getByRole("cell", { name: "+100.00" })).toHaveCount(LOOKS.indexOf(look) + 1);
        await page.getByRole("button", { name: "Change budget…" }).click();
        await page.getByRole("button", { name: "Take" }).click();
        await page.getByRole("textbox", { name: "Amount, USD" }).fill("6000");
        await expect(page.getByText(/can be taken, not 6000/)).toBeVisible();
        await looked(page, "automation-budget", look.name);
        await page.keyboard.press("Escape");
      }
    }
    await page.getByRole("link", { name: "Edit", exact: true }).click();
    await page.getByRole("textbox", { name: "Spend per level" }).fill("90");
    await expect(page.getByRole("list", { name: "Orders of its next tick" })).toBeVisible();
    await looked(page, "automation-edit", look.name);
    await page.getByRole("button", { name: "Throw away" }).click();
    await page.getByRole("button", { name: "Kill switch", exact: true }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await looked(page, "kill-switch", look.name);
    await page.keyboard.press("Escape");
    await page.goto("/new");
    await expect(page.getByRole("link", { name: /^Grid/ })).toBeVisible();
    await looked(page, "new", look.name);
    await page.getByRole("link", { name: /^Grid/ }).click();
    await page.getByRole("button", { name: "A range that one chose" }).click();
    await expect(page.getByRole("img", { name: "BTC/USD by the hour" })).toBeVisible();
    await expect(page.getByRole("list", { name: "Orders of its first tick" })).toBeVisible();
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await expect(page.getByText("Give it a name.")).toBeVisible();
    await looked(page, "new-grid", look.name);
    await page.goto("/settings");
    await expect(page.getByText("seen").first()).toBeVisible();
    await looked(page, "settings", look.name);
    await page.getByRole("link", { name: "Notifications" }).click();
    await page.getByRole("button", { name: "Add one" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("phone");
    await expect(page.getByText("Where the node tells of everything")).toBeVisible();
    await looked(page, "settings-notifications", look.name);
    await page.goto("/activity");
    await expect(page.getByText("was created").first()).toBeVisible();
    await looked(page, "activity", look.name);
    await page.getByRole("link", { name: "Who did what" }).click();
    await expect(page.getByRole("list", { name: /Who did what/ })).toBeVisible();
    await looked(page, "audit", look.name);
  });
}

test("nothing moves under somebody's hand while a page comes, on a phone and by a slow network", async ({ page }) => {
  await page.setViewportSize({ width: 412, height: 823 });
  await signIn(page);
  await page.goto("/automations");
  const grid = await page.getByRole("link", { name: "grid-btc" }).getAttribute("href");
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  const limits = { latency: 100, downloadThroughput: 1e6, uploadThroughput: 1e6 };
  await network.send("Network.emulateNetworkConditions", { offline: false, ...limits });
  await countMoves(page);
  for (const path of ["/", "/automations", `${grid}`, `${grid}?tab=config`, "/settings"]) {
    // Lighthouse takes points off from 0.1 on.
    expect(await moved(page, path), path).toBeLessThan(0.1);
  }
});
