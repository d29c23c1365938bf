import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/** The system's browser: Playwright's own would have to be fetched from elsewhere. */
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const browser = process.env["CHROMIUM"] ?? BROWSERS.find((path) => existsSync(path));
if (!browser) throw new Error("there is no Chromium: apt install chromium, or say where it is in CHROMIUM");

export default defineConfig({
  testDir: "journeys",
  outputDir: "../build/journeys",
  // A node of its own for each file: they end what the others look at.
  fullyParallel: false,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  forbidOnly: true,
  use: {
    viewport: { width: 1440, height: 900 },
    locale: "en-US",
    launchOptions: { executablePath: browser, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] },
    trace: "retain-on-failure",
  },
});
