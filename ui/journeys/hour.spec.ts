/** What a tab holds after an hour of events: the same as before it. Ten times as fast, events and the page's own timers. */

import type { CDPSession, Page } from "@playwright/test";
import { tell } from "./figures";
import { api, expect, signIn, test } from "./node";

const MINUTES = Number(process.env["MINUTES"] ?? 60);
const QUICKER = 10;
/** Events a second, of twenty orders each with what becomes of it. */
const RATE = Number(process.env["RATE"] ?? 60);
const COUNT = 1_000;

test.describe.configure({ mode: "serial", timeout: (MINUTES * 60_000) / QUICKER + 600_000 });
test.use({ of: "hour", fleet: COUNT, actionTimeout: 60_000 });

interface Held {
  heap: number;
  nodes: number;
  listeners: number;
}

/** What is left after everything that nobody needs was let go. */
async function held(session: CDPSession): Promise<Held> {
  for (let round = 0; round < 3; round++) await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
  return { heap: usedSize / 1_000_000, nodes, listeners: jsEventListeners };
}

/** The page's timers go off sooner: what it does in an hour it does in as many minutes fewer. */
async function hurry(page: Page): Promise<void> {
  await page.addInitScript((quicker) => {
    const [timeout, interval] = [window.setTimeout, window.setInterval];
    window.setTimeout = ((handler: TimerHandler, after = 0, ...given: unknown[]) =>
      timeout(handler, after / quicker, ...given)) as typeof window.setTimeout;
    window.setInterval = ((handler: TimerHandler, after = 0, ...given: unknown[]) =>
      interval(handler, after / quicker, ...given)) as typeof window.setInterval;
  }, QUICKER);
}

test("an hour of events leaves no more in a tab than it had", { tag: "@long" }, async ({ page, node }) => {
  await signIn(page);
  const first = (await api(page, "GET", "/automations?limit=1")).body as { automations: Array<{ id: string }> };
  const places = { overview: "/", list: "/automations", automation: `/automations/${first.automations[0]?.id}` };
  const tabs: Array<{ name: string; page: Page; session: CDPSession; before: Held }> = [];
  for (const [name, place] of Object.entries(places)) {
    const tab = await page.context().newPage();
    await hurry(tab);
    await tab.goto(place);
    await tab.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
    const session = await page.context().newCDPSession(tab);
    tabs.push({ name, page: tab, session, before: { heap: 0, nodes: 0, listeners: 0 } });
  }
  // Caches fill, and code is compiled, in the first minutes: that is no leak.
  await node.push(RATE * QUICKER, Math.max(5, (MINUTES * 60) / QUICKER / 10));
  for (const tab of tabs) tab.before = await held(tab.session);
  const pushed = await node.push(RATE * QUICKER, (MINUTES * 60) / QUICKER);
  tell("events", pushed);
  for (const { name, session, before } of tabs) {
    const after = await held(session);
    tell(`${name}: heap before, MB`, before.heap);
    tell(`${name}: heap after, MB`, after.heap);
    tell(`${name}: DOM nodes`, `${before.nodes}, then ${after.nodes}`);
    tell(`${name}: listeners`, `${before.listeners}, then ${after.listeners}`);
    expect.soft(after.heap, name).toBeLessThan(before.heap + 8);
    expect.soft(after.nodes, name).toBeLessThan(before.nodes * 1.5 + 500);
    expect.soft(after.listeners, name).toBeLessThan(before.listeners * 1.5 + 100);
  }
});
