/**
 * What Lighthouse says of the built dashboard, signed in, of a node that runs. It is no dependency, since it and what it
 * needs are 180 MB: `npm install --no-save lighthouse@13.5.0`, then `node lighthouse.mjs URL PASSWORD [PATH...]`.
 */

import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";
import lighthouse, { desktopConfig } from "lighthouse";

const [url = "http://127.0.0.1:5001", password = "", ...paths] = process.argv.slice(2);
const ASKED = ["performance", "accessibility", "best-practices"];
const PORT = 9333;
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? BROWSERS.find((path) => existsSync(path)),
  args: [`--remote-debugging-port=${PORT}`, ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
});
// The browser's own profile, which is what Lighthouse opens its tab in.
const connected = await chromium.connectOverCDP(`http://127.0.0.1:${PORT}`);
const page = await connected.contexts()[0].newPage();
await page.goto(`${url}/sign-in`);
await page.getByLabel("Name").fill("admin");
await page.getByLabel("Password", { exact: true }).fill(password);
await page.getByRole("button", { name: "Sign in" }).click();
await page.getByRole("navigation", { name: "Main", exact: true }).waitFor({ timeout: 120_000 });
await page.close();
for (const [look, config] of [
  ["desktop", desktopConfig],
  ["phone", undefined],
]) {
  for (const path of paths.length > 0 ? paths : ["/", "/automations", "/new"]) {
    const options = { port: PORT, onlyCategories: ASKED, disableStorageReset: true, logLevel: "error" };
    const { lhr } = (await lighthouse(url + path, options, config)) ?? {};
    if (!lhr || lhr.runtimeError) throw new Error(`${path} was not looked at: ${lhr?.runtimeError?.message}`);
    const scores = ASKED.map((each) => `${each} ${Math.round((lhr.categories[each].score ?? 0) * 100)}`);
    process.stdout.write(`${path}, ${look}: ${scores.join(", ")}\n`);
    for (const audit of Object.values(lhr.audits)) {
      if (audit.score !== null && audit.score < 0.9 && audit.scoreDisplayMode !== "informative")
        process.stdout.write(`  ${audit.id} ${audit.score}: ${audit.displayValue ?? audit.title}\n`);
    }
  }
}
await connected.close();
await browser.close();
