/** What would have been: a replay from the form, its report, another one, both beside each other, and paper. */

import { candles } from "./candles";
import { api, expect, PASSWORD, signIn, test } from "./node";

test.describe.configure({ mode: "serial" });
test.use({ of: "replays" });

test("a replay is started from its form with a file that is sent, and its report says what it came to", async ({
  page,
}) => {
  await signIn(page);
  await page.getByRole("link", { name: "Replays" }).first().click();
  await expect(page.getByRole("heading", { name: "No replay yet" })).toBeVisible();
  await page.getByRole("link", { name: "New replay" }).click();
  await page.getByLabel("Type").selectOption({ label: "Regular buying" });
  await page.getByLabel("Money to begin with").fill("1000");
  await page.getByRole("textbox", { name: "Market" }).fill("BTC/USD");
  await page.getByRole("textbox", { name: "Amount" }).fill("20");
  await page.getByRole("textbox", { name: "Every" }).fill("1d");
  await page
    .getByLabel("File")
    .setInputFiles({ name: "BTC-USD-1h-2024.csv", mimeType: "text/csv", buffer: Buffer.from(candles()) });
  await page.getByRole("button", { name: "Send it" }).click();
  await expect(page.getByRole("checkbox", { name: /BTC\/USD/ })).toBeChecked();
  await page.getByLabel("Name").fill("small buys");
  await page.getByRole("button", { name: "Start the replay" }).click();

  await expect(page.getByText(/Finished in/)).toBeVisible();
  await expect(page.getByRole("row", { name: /Total return/ })).toBeVisible();
  await expect(page.getByRole("img", { name: /Value of .* in USD/ })).toBeVisible();
  await page.getByRole("link", { name: /^Fills/ }).click();
  await expect(page.getByRole("row", { name: /Bought/ }).first()).toBeVisible();
});

test("another one is done again with more money, both are compared, and one is run on paper", async ({ page }) => {
  await signIn(page);
  await page.goto("/replays");
  await page.getByRole("link", { name: "small buys" }).click();
  await page.getByRole("link", { name: "Replay again…" }).click();
  await expect(page.getByLabel("Money to begin with")).toHaveValue("1000");
  await page.getByRole("textbox", { name: "Amount" }).fill("100");
  await page.getByLabel("Name").fill("large buys");
  await page.getByRole("button", { name: "Start the replay" }).click();
  await expect(page.getByText(/Finished in/)).toBeVisible();

  await page.getByRole("link", { name: "‹ Replays" }).click();
  await page.getByRole("checkbox", { name: "Compare small buys" }).check();
  await page.getByRole("checkbox", { name: "Compare large buys" }).check();
  await page.getByRole("button", { name: "Compare 2" }).click();
  await expect(page.getByText("config.amount")).toBeVisible();
  await page.getByRole("button", { name: "Difference to A" }).click();
  await expect(page).toHaveURL(/show=difference/);
  await expect(page.getByRole("heading", { name: /Difference of results to A/ })).toBeVisible();

  await page.getByRole("link", { name: "large buys" }).first().click();
  await page.getByRole("button", { name: "Run this on paper…" }).click();
  await page.getByRole("dialog").getByRole("link", { name: "Add a paper account" }).click();
  await page.getByLabel("Name").fill("play");
  await page.getByLabel("Prices of").selectOption({ label: "Simulated" });
  await page.getByRole("button", { name: "Add it" }).click();
  await expect(page.getByRole("heading", { name: "play" })).toBeVisible();
  await page.goto("/replays");
  await page.getByRole("link", { name: "large buys" }).click();
  await page.getByRole("button", { name: "Run this on paper…" }).click();
  await page.getByRole("button", { name: "Fill in the form" }).click();
  await expect(page.getByRole("textbox", { name: "Amount" })).toHaveValue("100");
  await expect(page.getByLabel("Account")).toHaveValue("play");
});

test("by keys alone: the palette finds an account, and somebody else finds nothing of all this", async ({
  page,
  browser,
  baseURL,
}) => {
  await signIn(page);
  await page.keyboard.press("Control+K");
  // At once: what is typed before the palette is there is meant for it.
  await page.keyboard.type("accounts");
  await expect(page.getByRole("option", { name: /^Accounts/, selected: true })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Accounts" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Play money" }).getByRole("link", { name: "play" })).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Shortcuts" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(page.getByRole("heading", { name: "Replays" })).toBeVisible();

  expect((await api(page, "POST", "/users", { name: "ada", role: "trader", password: PASSWORD })).status).toBe(201);
  const context = await browser.newContext({ baseURL });
  const ada = await context.newPage();
  await signIn(ada, "ada");
  await ada.goto("/replays");
  await expect(ada.getByRole("heading", { name: "No replay yet" })).toBeVisible();
  await ada.goto("/accounts");
  await expect(ada.getByRole("heading", { name: "No account yet" })).toBeVisible();
  await ada.keyboard.press("Control+K");
  await ada.keyboard.type("play");
  await expect(ada.getByRole("option", { name: /play/ })).toHaveCount(0);
  await context.close();
});
