/** From nothing to an automation that trades, and to its end. */

import { api, expect, PASSWORD, signIn, test } from "./node";

test.describe.configure({ mode: "serial" });

test("a stranger is asked who they are, and a wrong password is said", async ({ page }) => {
  await page.goto("/automations?status=active");
  await expect(page).toHaveURL(/sign-in/);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("The name or the password is wrong");

  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  // Where they were going.
  await expect(page).toHaveURL(/automations\?status=active/);
});

test("play money: an automation is made by one click, its fill arrives live, it is paused, resumed and stopped", async ({
  page,
}) => {
  await signIn(page);
  await expect(page.getByRole("heading", { name: "Nothing trades yet" })).toBeVisible();
  await page.getByRole("button", { name: "Try with play money" }).click();

  await expect(page.getByRole("heading", { name: "my-first-dca" })).toBeVisible();
  await expect(page.getByText("Play money", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Orders and fills" }).click();
  // No reload: the event says so, and what is shown is read again.
  await expect(page.getByRole("row", { name: /Bought.*BTC\/USD/ })).toBeVisible();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("Active", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Stop…" }).click();
  const dialog = page.getByRole("dialog", { name: "Stop my-first-dca" });
  await expect(dialog).toContainText("It decides nothing any more, and cannot be resumed.");
  await dialog.getByRole("checkbox").check();
  await dialog.getByRole("button", { name: "Stop and sell" }).click();
  await expect(page.getByText("Stopped", { exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: /Sold.*BTC\/USD/ })).toBeVisible();

  await page.getByRole("link", { name: "Log" }).click();
  await expect(page.getByRole("list", { name: /What happened/ })).toContainText("Was paused");
  await page.getByRole("link", { name: "Activity" }).first().click();
  await expect(page.getByText("has stopped")).toBeVisible();
  await page.getByRole("link", { name: "Who did what" }).click();
  await expect(page.getByRole("list", { name: /Who did what/ })).toContainText("admin automations: stop my-first-dca");
});

test("a DCA is made from its form: what is wrong is said at its field, a reload loses nothing, and it starts", async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole("link", { name: "New", exact: true }).first().click();
  await page.getByRole("link", { name: /^Regular buying/ }).click();
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByText("Give it a name.")).toBeVisible();
  await expect(page.getByText("This is needed.")).toHaveCount(2);

  await page.getByLabel("Name").fill("weekly-btc");
  await page.getByLabel("Budget").fill("1000");
  await page.getByRole("button", { name: "BTC/USD" }).click();
  await expect(page.getByRole("img", { name: "BTC/USD by the hour" })).toBeVisible();
  await page.getByRole("textbox", { name: "Amount" }).fill("5");
  await page.getByRole("textbox", { name: "Every" }).fill("never");
  await page.reload();
  await expect(page.getByLabel("Name")).toHaveValue("weekly-btc");
  await expect(page.getByRole("textbox", { name: "Every" })).toHaveValue("never");

  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByText("Write it like 1d.")).toBeVisible();
  // Only the node knows which names are taken, and it says so where it belongs.
  await page.getByRole("textbox", { name: "Every" }).fill("7d");
  await page.getByLabel("Name").fill("my-first-dca");
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByText(/is called 'my-first-dca' already/)).toBeVisible();
  await page.getByLabel("Name").fill("weekly-btc");
  // What it would do first is said before anything is done.
  await expect(page.getByRole("list", { name: "Orders of its first tick" })).toContainText(/Buys.*BTC/);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByRole("heading", { name: "weekly-btc" })).toBeVisible();
  await page.getByRole("link", { name: "Orders and fills" }).click();
  await expect(page.getByRole("row", { name: /Bought.*BTC\/USD/ })).toBeVisible();
});

test("another user sees nothing of it, and who may only look sees no button", async ({ page, browser, baseURL }) => {
  await signIn(page);
  for (const user of [
    { name: "ada", role: "trader" },
    { name: "vera", role: "viewer", owner: "local" },
  ]) {
    expect((await api(page, "POST", "/users", { ...user, password: PASSWORD })).status).toBe(201);
  }
  const context = await browser.newContext({ baseURL });
  const ada = await context.newPage();
  await signIn(ada, "ada");
  await expect(ada.getByRole("heading", { name: "Nothing trades yet" })).toBeVisible();

  await ada.getByRole("button", { name: "Sign out" }).click();
  await expect(ada).toHaveURL(/sign-in/);
  await signIn(ada, "vera");
  await ada
    .getByRole("link", { name: /Automations/ })
    .first()
    .click();
  await ada.getByRole("table", { name: "Automations" }).getByRole("link", { name: "my-first-dca" }).click();
  await expect(ada.getByText("You may look; a trader may pause and stop it.")).toBeVisible();
  await context.close();
});
