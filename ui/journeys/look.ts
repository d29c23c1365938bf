/** What is asked of each page in each look: nothing that axe finds, nothing that can be pushed sideways, a picture. */

import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./node";

const PICTURES = process.env["PICTURES"];
export const LOOKS = [
  { name: "light", viewport: { width: 1440, height: 900 }, scheme: "light" },
  { name: "dark", viewport: { width: 1440, height: 900 }, scheme: "dark" },
  { name: "phone", viewport: { width: 390, height: 844 }, scheme: "light" },
] as const;

export async function looked(page: Page, name: string, look: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(
    ({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((each) => each.target.join(" ")).join(", ")}`,
  );
  expect(found, `${name}, ${look}`).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, `${name}, ${look}: it can be pushed sideways`).toBe(0);
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.${look}.png` });
}
