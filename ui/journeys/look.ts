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
  expect(await page.evaluate(pokingOut), `${name}, ${look}: it can be pushed sideways`).toEqual([]);
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.${look}.png` });
}

/** What reaches past the right edge, if the page can be pushed sideways; runs in the page. */
function pokingOut(): string[] {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const past = [...document.querySelectorAll("body *")].filter(
    (element) => element.getBoundingClientRect().right > clientWidth + 1,
  );
  const told = past.map(
    (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class")}: ${element.textContent}`,
  );
  return [`${scrollWidth - clientWidth} px`, ...told.map((text) => text.slice(0, 120))];
}

/** Count from now on how much of each page moves while it comes (Cumulative Layout Shift), without anybody's doing. */
export async function countMoves(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = window as unknown as { moved: number };
    seen.moved = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Array<PerformanceEntry & { value: number; hadRecentInput: boolean }>)
        if (!entry.hadRecentInput) seen.moved += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
}

/** How much of it moved until everything had come. */
export async function moved(page: Page, path: string): Promise<number> {
  await page.goto(path);
  await expect(page.getByRole("heading", { level: 1 })).toBeAttached();
  await expect(page.getByRole("status", { name: /^Loading/ })).toHaveCount(0);
  return page.evaluate(async () => {
    // Shifts are told after the frame in which they happen.
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return (window as unknown as { moved: number }).moved;
  });
}
