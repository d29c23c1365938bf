/** From nothing to an automation that trades, and to its end. */

import type { Page } from "@playwright/test";
import { api, expect, PASSWORD, signIn, test } from "./node";

test.describe.configure({ mode: "serial" });
test.use({ of: "story" });

/** Somebody else edits it meanwhile. */
async function change(page: Page, id: string, changes: Record<string, unknown>): Promise<{ status: number }> {
  return page.evaluate(
    async ([id, changes]) => {
      const session = await (await fetch("/api/v1/session")).json();
      const { status } = await fetch(`/api/v1/automations/${id}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token, "If-Match": "*" },
        body: JSON.stringify({ changes }),
      });
      return { status };
    },
    [id, changes] as const,
  );
}

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

  // Edited in its form: what it would do is said before, and the list of configs says who changed what.
  await page.getByRole("link", { name: "Edit", exact: true }).click();
  const form = page.getByRole("form", { name: "Edit my-first-dca" });
  await form.getByRole("textbox", { name: "Amount per buy" }).fill("25");
  await expect(page.getByText("1 field differs")).toBeVisible();
  await expect(page.getByRole("list", { name: "Orders of its next tick" })).toBeVisible();
  // Somebody else is faster: both versions are side by side, and what was typed here is kept.
  const [, id] = /automations\/([^?]+)/.exec(page.url()) ?? [];
  expect((await change(page, String(id), { take_profit: "0.5", amount: "40" })).status).toBe(200);
  await form.getByRole("button", { name: "Save" }).click();
  const conflict = page.getByRole("dialog", { name: "my-first-dca was changed meanwhile" });
  await expect(conflict.getByRole("row", { name: /amount/ })).toContainText("25");
  await expect(conflict.getByRole("row", { name: /amount/ })).toContainText("40");
  await conflict.getByRole("button", { name: "Save these" }).click();
  const configs = page.getByRole("list", { name: "Configs, newest first" });
  await expect(configs.getByRole("listitem")).toHaveCount(3);
  await configs.getByRole("link").first().click();
  await expect(configs.getByRole("row", { name: /amount/ })).toContainText("40");
  await expect(configs.getByRole("row", { name: /amount/ })).toContainText("25");
  // And back to the first of them.
  await configs.getByRole("link").last().click();
  await configs.getByRole("button", { name: "Go back to this…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back to config 1" }).click();
  await expect(configs.getByRole("listitem")).toHaveCount(4);

  // Another one like it, paused.
  await page.getByRole("button", { name: "More for my-first-dca" }).click();
  await page.getByRole("menuitem", { name: "Clone…" }).click();
  const clone = page.getByRole("dialog", { name: "Clone my-first-dca" });
  await clone.getByLabel("Budget, USD").fill("100");
  await clone.getByRole("button", { name: "Create paused" }).click();
  await expect(page.getByRole("heading", { name: "my-first-dca-2" })).toBeVisible();
  await page.goBack();
  await page.getByRole("link", { name: "Orders and fills" }).click();

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
  const audit = page.getByRole("list", { name: /Who did what/ });
  await expect(audit).toContainText("admin automations: stop my-first-dca");
  await expect(audit).toContainText("admin automations: edit my-first-dca");
  await expect(audit).toContainText("admin automations: pause my-first-dca");
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
  await ada
    .getByRole("table", { name: "Automations" })
    .getByRole("link", { name: "my-first-dca", exact: true })
    .click();
  await expect(ada.getByText("You may look; a trader may pause and stop it.")).toBeVisible();
  await context.close();
});
