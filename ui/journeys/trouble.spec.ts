/** The kill switch, a node that is away, a session that ends: nothing is lost, and what is shown is true. */

import { api, expect, PASSWORD, signIn, test } from "./node";

test.describe.configure({ mode: "serial" });
test.use({ of: "trouble" });

const ACCOUNT = {
  name: "play",
  market_data: { use: "simulated", seed: 7 },
  trading: { use: "paper" },
  balances: { USD: "10000" },
};
const GRID = {
  name: "grid",
  type: "grid",
  account: "play",
  budget: { USD: "5000" },
  config: { symbol: "BTC/USD", around: "5", levels: 10, spend: "100" },
};

test("the kill switch says what it will do, and proves what it did", async ({ page }) => {
  await signIn(page);
  expect((await api(page, "POST", "/accounts", ACCOUNT)).status).toBe(201);
  expect((await api(page, "POST", "/automations", GRID)).status).toBe(201);
  await page.getByRole("link", { name: "grid", exact: true }).first().click();
  await expect(page.getByRole("table").getByText("last price")).toBeVisible();
  await expect(page.getByText(/\d+ buy, \d+ sell/)).toBeVisible();

  await page.keyboard.press("Control+Shift+K");
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText(/Cancel \d+ resting orders/);
  await dialog.getByLabel("Why, for whoever reads it later").fill("news");
  await dialog.getByRole("button", { name: "Stop everything" }).click();

  await expect(dialog).toContainText(/(\d+) of \1 orders are proven gone/);
  await expect(dialog).toContainText("by admin: news");
  await expect(dialog.getByRole("row", { name: /play/ })).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("Nothing rests at the exchange.")).toBeVisible();

  await page.getByRole("button", { name: "Sending is off" }).click();
  await dialog.getByRole("button", { name: "Let it go on…" }).click();
  await dialog.getByRole("button", { name: "Send orders again" }).click();
  await expect(page.getByRole("button", { name: "Kill switch" })).toBeVisible();
});

test("a node that is away is said with its age, buttons that write are off, and it comes back by itself", async ({
  page,
  node,
}) => {
  await signIn(page);
  await page.getByRole("link", { name: "grid", exact: true }).first().click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeEnabled();

  await node.stop("SIGKILL");
  await expect(page.getByText(/The node has not answered since/)).toBeVisible();
  await expect(page.getByRole("heading", { name: "grid" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause" })).toBeDisabled();

  // It comes back as another version: this page is of before, says so, and loses nothing that was typed.
  await page.route("**/index.html", (route) => route.fulfill({ body: "<script src='/assets/other.js'></script>" }));
  await node.start();
  await expect(page.getByText(/The node has not answered since/)).toBeHidden();
  await expect(page.getByText(/Connected/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause" })).toBeEnabled();
  await expect(page.getByText("The node was updated since this page was opened.")).toBeVisible();
});

test("a session that ends while one types asks for the password, and what was typed is there to be sent", async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole("link", { name: "grid", exact: true }).first().click();
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  await page.getByRole("textbox", { name: "Spend per level" }).fill("90");
  expect((await api(page, "DELETE", "/session")).status).toBe(204);
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("textbox", { name: "Spend per level" })).toHaveValue("90");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("list", { name: "Configs, newest first" }).getByRole("listitem")).toHaveCount(2);
});

// It waits for the node to look at the stream's caller again.
test("a session that ended asks for the password where one is", { tag: "@long" }, async ({
  page,
  browser,
  baseURL,
}) => {
  await signIn(page);
  await page.goto("/automations");
  await page.getByLabel("Type").selectOption({ label: "Grid" });
  const other = await browser.newContext({ baseURL });
  const elsewhere = await other.newPage();
  await signIn(elsewhere);
  const changed = await api(elsewhere, "PUT", "/session/password", { current: PASSWORD, new: `${PASSWORD} 2` });
  expect(changed.status).toBe(200);
  await other.close();

  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  // The node looks at each stream's caller again within half a minute.
  await expect(dialog).toBeVisible({ timeout: 60_000 });
  await dialog.getByLabel("Password", { exact: true }).fill(`${PASSWORD} 2`);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(/type=octobot_tentacles.grid/);
  await expect(page.getByRole("link", { name: "grid", exact: true })).toBeVisible();
});
