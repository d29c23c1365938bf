/** The API's document at /docs: from the package itself, under the strict policy, as the session that there is. */

import { expect, signIn, test } from "./node";

test("the API is read and tried at /docs, without anything from elsewhere", async ({ page }) => {
  await signIn(page);
  await page.goto("/docs");
  await page.locator("#operations-tag-overview").click();
  const route = page.locator("#operations-overview-change_preferences");
  await route.locator(".opblock-summary-control").click();
  await route.getByRole("button", { name: "Try it out" }).click();
  await route.locator("textarea").fill('{"theme": "dark"}');
  await route.getByRole("button", { name: "Execute" }).click();
  const answer = route.locator(".live-responses-table");
  await expect(answer.locator("tbody .response-col_status").first()).toHaveText(/200/);
  await expect(answer.getByText('"dark"')).toBeVisible();
});
