/** The pages beside the automations, in both themes and at phone width, as `pages.spec.ts` has the others. */

import type { Page } from "@playwright/test";
import { candles } from "./candles";
import { LOOKS, looked } from "./look";
import { api, expect, PASSWORD, signIn, test } from "./node";

test.describe.configure({ mode: "serial", timeout: 300_000 });
test.use({ of: "pages-others" });

const ACCOUNT = {
  name: "play",
  market_data: { use: "simulated", seed: 7 },
  trading: { use: "paper" },
  balances: { USD: "50000" },
};
const GRID = { symbol: "BTC/USD", lower: "36000", upper: "46000", levels: 21, spend: "400" };

async function sendCandles(page: Page): Promise<string> {
  return page.evaluate(async (text) => {
    const session = await (await fetch("/api/v1/session")).json();
    const response = await fetch("/api/v1/candles?symbol=BTC/USD&file_name=january.csv", {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream", "X-CSRF-Token": session.csrf_token },
      body: text,
    });
    return (await response.json()).id as string;
  }, candles());
}

async function prepare(page: Page): Promise<void> {
  await api(page, "POST", "/accounts", ACCOUNT);
  const budget = { USD: "10000" };
  const dca = { symbol: "BTC/USD", amount: "150", every: "1d" };
  await api(page, "POST", "/automations", { name: "dca-btc", type: "dca", account: "play", budget, config: dca });
  const id = await sendCandles(page);
  for (const [name, type, config] of [
    ["grid, 21 levels", "grid", GRID],
    ["grid, 11 levels", "grid", { ...GRID, levels: 11, spend: "800" }],
    ["dca, 150 a day", "dca", dca],
  ] as const) {
    expect((await api(page, "POST", "/replays", { name, type, config, budget, candles: [id] })).status).toBe(201);
  }
}

/** kB of script, packed, that a page has fetched. */
async function scripts(page: Page): Promise<number> {
  const bytes = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((each) => each.name.endsWith(".js"))
      .reduce((sum, each) => sum + (each as PerformanceResourceTiming).encodedBodySize, 0),
  );
  return bytes / 1000;
}

test("a page whose script did not come says so, and comes by itself", async ({ page }) => {
  await page.route(/\/assets\/index-[^/]*\.js$/, (route) => route.abort("connectionreset"), { times: 1 });
  await page.goto("/sign-in", { waitUntil: "commit" });
  await expect(page.getByText("The node does not answer. Trying again")).toBeVisible();
  await expect(page.getByLabel("Name")).toBeVisible();
});

test("the first page takes less than 200 kB of script, and another one less than 150 more", async ({ page }) => {
  await signIn(page);
  await expect(page.getByRole("heading", { name: "Nothing trades yet" })).toBeVisible();
  const first = await scripts(page);
  expect(first).toBeGreaterThan(50);
  expect(first).toBeLessThan(200);
  for (const path of ["/replays", "/replays/new", "/accounts/new", "/node", "/settings", "/activity", "/new"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await scripts(page), path).toBeLessThan(first + 150);
  }
  // Addresses of parts that there are not: the first part, never a blank page.
  for (const path of ["/settings?tab=nowhere", "/node?tab=nowhere"]) {
    await page.goto(path);
    await expect(page.locator("main section").first(), path).toBeVisible();
  }
});

for (const look of LOOKS) {
  const tag = look.name === "light" ? [] : ["@long"];
  const open = async (page: Page) => {
    await page.emulateMedia({ colorScheme: look.scheme, reducedMotion: "reduce" });
    await page.setViewportSize(look.viewport);
    await signIn(page);
  };

  test(`replays, ${look.name}`, { tag }, async ({ page }) => {
    await open(page);
    if (look === LOOKS[0]) {
      await page.goto("/replays");
      await expect(page.getByRole("heading", { name: "No replay yet" })).toBeVisible();
      await looked(page, "replays-none", look.name);
      await prepare(page);
    }
    await page.goto("/replays");
    await expect(page.getByText("Finished")).toHaveCount(3, { timeout: 60_000 });
    for (const name of ["grid, 21 levels", "grid, 11 levels", "dca, 150 a day"]) {
      await page.getByRole("checkbox", { name: `Compare ${name}` }).check();
    }
    await looked(page, "replays", look.name);
    await page.getByRole("button", { name: "Compare 3" }).click();
    await expect(page.getByRole("img", { name: /Result, %/ })).toBeVisible();
    await looked(page, "replay-compare", look.name);
    await page.getByRole("link", { name: "grid, 21 levels" }).click();
    await expect(page.getByRole("img", { name: /Value of grid in USD/ })).toBeVisible();
    await looked(page, "replay", look.name);
    await page.getByRole("link", { name: /^Fills/ }).click();
    await expect(page.getByRole("table", { name: /Fills/ })).toBeVisible();
    await looked(page, "replay-fills", look.name);
    await page.goto("/replays/new?type=octobot_tentacles.grid");
    await expect(page.getByRole("textbox", { name: "Market" })).toBeVisible();
    await page.getByRole("button", { name: "Start the replay" }).click();
    await expect(page.getByText("Give it money to begin with.")).toBeVisible();
    await looked(page, "replay-new", look.name);
  });

  test(`accounts and the node, ${look.name}`, { tag }, async ({ page }) => {
    await open(page);
    await page.goto("/accounts");
    await expect(page.getByRole("table", { name: "Play money" })).toBeVisible();
    await looked(page, "accounts", look.name);
    await page.getByRole("link", { name: "play", exact: true }).click();
    await expect(page.getByRole("heading", { name: "What its exchange guarantees" })).toBeVisible();
    await looked(page, "account", look.name);
    await page.goto("/accounts/new");
    await page.getByRole("button", { name: "Add it" }).click();
    await expect(page.getByText("Give it a name.")).toBeVisible();
    await looked(page, "account-new", look.name);
    for (const [tab, seen] of [
      ["nodes", "Serves"],
      ["tentacles", "Built in"],
      ["health", "checked"],
      ["settings", "OCTOBOT_ROLE"],
    ] as const) {
      await page.goto(`/node?tab=${tab}`);
      await expect(page.getByText(seen).first()).toBeVisible();
      await looked(page, `node-${tab}`, look.name);
    }
  });

  test(`settings and the palette, ${look.name}`, { tag }, async ({ page }) => {
    await open(page);
    await page.goto("/settings");
    await page.getByRole("button", { name: "Set it up" }).click();
    await expect(page.getByRole("img", { name: /QR code/ })).toBeVisible();
    await looked(page, "settings-second-factor", look.name);
    await page.goto("/settings?tab=keys");
    await page.getByRole("button", { name: "Make one" }).click();
    await page.getByRole("button", { name: "Only look" }).click();
    await looked(page, "settings-keys", look.name);
    if (look === LOOKS[0]) {
      await page.goto("/settings?tab=secrets");
      await page.getByRole("button", { name: "Keep one" }).click();
      await page.getByLabel("Its name").fill("kraken-key");
      await page.getByLabel("The secret").fill("not shown anywhere");
      await page.getByRole("button", { name: "Keep it" }).click();
      await page
        .getByLabel(/Is it you/)
        .or(page.getByText("No account points to it"))
        .first()
        .waitFor();
      if (await page.getByLabel(/Is it you/).isVisible()) {
        await page.getByLabel(/Is it you/).fill(PASSWORD);
        await page.getByRole("button", { name: "Go on" }).click();
      }
    }
    await page.goto("/settings?tab=secrets");
    await expect(page.getByText("No account points to it")).toBeVisible();
    await page.getByRole("button", { name: "Another value…" }).click();
    await looked(page, "settings-secrets", look.name);
    await page.goto("/settings?tab=users");
    await page.getByRole("button", { name: "Add one" }).click();
    await looked(page, "settings-users", look.name);
    for (const tab of ["appearance", "about"]) {
      await page.goto(`/settings?tab=${tab}`);
      await expect(page.getByRole("heading", { level: 2 }).first()).toBeVisible();
      await looked(page, `settings-${tab}`, look.name);
    }
    await page.keyboard.press("Control+K");
    await expect(page.getByRole("option").first()).toBeVisible();
    await looked(page, "palette", look.name);
    await page.getByRole("button", { name: /all shortcuts/ }).click();
    await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeVisible();
    await looked(page, "shortcuts", look.name);
  });
}
