/** A hundred thousand automations: no row is ever blank, and how long one waits for what. */

import type { Page } from "@playwright/test";
import { tell, tellSpread } from "./figures";
import { expect, signIn, test } from "./node";

const COUNT = Number(process.env["MANY"] ?? 100_000);
const JUMPS = Number(process.env["JUMPS"] ?? 60);
const FRAMES = Number(process.env["FRAMES"] ?? 600);
const LOADS = Number(process.env["LOADS"] ?? 10);

test.describe.configure({ mode: "serial", timeout: 900_000 });
test.use({ of: "many", fleet: COUNT, actionTimeout: 60_000 });

interface Watched {
  /** Frames in which a part of the list had no row, or a row nothing in it. */
  blank: string[];
  /** Frames in which a row that was seen was being read still. */
  read: number;
  frames: number[];
}

declare global {
  interface Window {
    watched: Watched;
    inputs: number[];
  }
}

/** Look at each frame from now on; the list is blank where no row is, or one without a word. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched: Watched = { blank: [], read: 0, frames: [] };
    window.watched = watched;
    let before = performance.now();
    const look = (at: number): void => {
      if (window.watched !== watched) return;
      watched.frames.push(at - before);
      before = at;
      const body = document.querySelector(".vbody")?.getBoundingClientRect();
      if (body) {
        let covered = body.top;
        let waits = false;
        for (const row of document.querySelectorAll(".vrow")) {
          const { top, bottom } = row.getBoundingClientRect();
          if (bottom <= body.top || top >= body.bottom) continue;
          if (top > covered + 1) watched.blank.push(`nothing from ${covered} to ${top}`);
          if (!row.textContent?.trim()) watched.blank.push(`an empty row at ${top}`);
          waits ||= row.querySelector(".wait") !== null;
          covered = Math.max(covered, bottom);
        }
        if (covered < body.bottom - 1) watched.blank.push(`nothing from ${covered} to ${body.bottom}`);
        if (waits) watched.read += 1;
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** Resolves with when all rows that are seen are told, by the page's clock. */
function told(page: Page, wanted = ""): Promise<number> {
  return page
    .waitForFunction((wanted) => {
      const body = document.querySelector(".vbody")?.getBoundingClientRect();
      const rows = [...document.querySelectorAll(".vrow")].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return body && bottom > body.top && top < body.bottom;
      });
      const all = rows.length > 0 && rows.every((row) => !row.querySelector(".wait"));
      return all && rows[0]?.textContent?.includes(wanted) ? performance.now() : false;
    }, wanted)
    .then((found) => found.jsonValue() as Promise<number>);
}

/** When something of a page is there for the first time since it was loaded, by its own clock. */
async function seen(page: Page, selector: string): Promise<number> {
  const found = await page.waitForFunction(
    (selector) => (document.querySelector(selector) ? performance.now() : false),
    selector,
  );
  return (await found.jsonValue()) as number;
}

async function paints(page: Page): Promise<{ first: number; largest: number }> {
  return page.evaluate(async () => {
    const largest = await new Promise<number>((found) => {
      const observer = new PerformanceObserver((list) => {
        observer.disconnect();
        found(list.getEntries().at(-1)?.startTime ?? 0);
      });
      observer.observe({ type: "largest-contentful-paint", buffered: true });
    });
    return { first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0, largest };
  });
}

test("the overview and the list are painted, and told", { tag: "@long" }, async ({ page }) => {
  await signIn(page);
  await page.getByRole("heading", { name: /^[\d,]+ automations$/ }).waitFor({ timeout: 300_000 });
  const found = { paint: [], largest: [], overview: [], list: [] } as Record<string, number[]>;
  for (let load = 0; load < LOADS; load++) {
    await page.goto("/");
    found["overview"]?.push(await seen(page, ".fleet-head h1"));
    const { first, largest } = await paints(page);
    found["paint"]?.push(first);
    found["largest"]?.push(largest);
    await page.goto("/automations");
    found["list"]?.push(await told(page));
  }
  tellSpread("the overview's first paint, ms", found["paint"] ?? []);
  tellSpread("the overview's largest paint, ms", found["largest"] ?? []);
  tellSpread("the overview told, ms", found["overview"] ?? []);
  tellSpread("the list told, ms", found["list"] ?? []);
});

test("what is typed and clicked is answered", { tag: "@long" }, async ({ page }) => {
  await signIn(page);
  await page.addInitScript(() => {
    window.inputs = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.inputs.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
  await page.goto("/automations");
  await told(page);
  const found = { search: [], sort: [], open: [] } as Record<string, number[]>;
  const inputs: number[] = [];
  for (let round = 0; round < LOADS; round++) {
    const number = String((round * 7_919) % COUNT).padStart(6, "0");
    let began = await page.evaluate(() => performance.now());
    await page.getByRole("searchbox", { name: "Search" }).fill(number);
    found["search"]?.push((await told(page, number)) - began);
    began = await page.evaluate(() => performance.now());
    await page
      .getByRole("table", { name: "Automations" })
      .getByRole("link", { name: new RegExp(number) })
      .first()
      .click();
    await page.getByRole("heading", { level: 1, name: new RegExp(number) }).waitFor();
    found["open"]?.push((await page.evaluate(() => performance.now())) - began);
    await page.goBack();
    await told(page);
    await page.getByRole("searchbox", { name: "Search" }).fill("");
    await told(page);
    began = await page.evaluate(() => performance.now());
    await page.getByRole("columnheader", { name: "Today" }).getByRole("link").click();
    await page.waitForFunction(
      (round) => new URLSearchParams(location.search).get("descending") === (round % 2 ? null : "true"),
      round,
    );
    found["sort"]?.push((await told(page)) - began);
    inputs.push(...(await page.evaluate(() => window.inputs.splice(0))));
  }
  tellSpread("a search, ms", found["search"] ?? []);
  tellSpread("another order, ms", found["sort"] ?? []);
  tellSpread("an automation opened, ms", found["open"] ?? []);
  tell("the longest that the page took to answer a key or a click, ms", Math.max(0, ...inputs));
});

test("a hundred thousand are scrolled and jumped through without a blank row", { tag: "@long" }, async ({ page }) => {
  await signIn(page);
  await page.goto("/automations");
  await told(page);
  const jump = page.getByLabel("Jump to");
  const jumps: number[] = [];
  await watch(page);
  for (let round = 0; round < JUMPS; round++) {
    const row = 1 + ((round * 48_271) % (COUNT - 100));
    const began = await page.evaluate(() => performance.now());
    await jump.fill(String(row));
    await page.locator(`.vrow[aria-rowindex="${row + 1}"]`).waitFor();
    jumps.push((await told(page)) - began);
  }
  expect(await page.evaluate(() => window.watched.blank)).toEqual([]);
  tellSpread("a jump until every row that is seen is told, ms", jumps);

  await watch(page);
  await page.evaluate(async (frames) => {
    const body = document.querySelector(".vbody");
    for (let frame = 0; body && frame < frames; frame++) {
      // Down for a while, up again, and now and then by more than a page, as a hand on the bar does.
      body.scrollTop += frame % 100 === 99 ? 40_000 : frame % 200 < 150 ? 120 : -120;
      await new Promise((next) => requestAnimationFrame(next));
    }
  }, FRAMES);
  const watched = await page.evaluate(() => window.watched);
  expect(watched.blank).toEqual([]);
  tellSpread("a frame while it is scrolled, ms", watched.frames);
  tell("of those in which a row that was seen was being read", `${watched.read} of ${watched.frames.length}`);
});
