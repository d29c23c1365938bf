import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { NodeEvent } from "./reader";
import { Renewal } from "./renewal";

const EVENT = { automation_id: "a" } as NodeEvent;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A query on the page whose answer takes so long; each answer is how many were asked for until then. */
async function looked(queryKey: string[], takes: number) {
  const queries = new QueryClient();
  let asked = 0;
  const observer = new QueryObserver(queries, {
    queryKey,
    queryFn: () => {
      asked += 1;
      const told = asked;
      return new Promise<number>((done) => setTimeout(() => done(told), takes));
    },
  });
  const told: Array<number | undefined> = [];
  const forget = observer.subscribe(({ data }) => void told.push(data));
  await vi.advanceTimersByTimeAsync(takes);
  return { renewal: new Renewal(queries), asked: () => asked, told: () => told.at(-1), forget };
}

test("what is slower than events are is told all the same, and again after the last of them", async () => {
  for (const queryKey of [
    ["automation", "a"],
    ["lists", "totals"],
  ]) {
    const query = await looked(queryKey, 3_000);
    for (let at = 0; at < 20_000; at += 100) {
      query.renewal.after(EVENT);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(query.told()).toBeGreaterThanOrEqual(5);
    const before = query.asked();
    query.renewal.after(EVENT);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(query.asked()).toBeGreaterThan(before);
    expect(query.told()).toBe(query.asked());
    query.forget();
  }
});

test("many events at once are one request, and lists are read every two seconds at most", async () => {
  const query = await looked(["lists", "totals"], 10);
  for (let at = 0; at < 10_000; at += 10) {
    query.renewal.after(EVENT);
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(query.asked()).toBeLessThanOrEqual(6);
  expect(query.asked()).toBeGreaterThanOrEqual(5);
  query.forget();
});

test("an answer that never comes does not keep others from being read", async () => {
  const act = vi.fn(() => new Promise<void>(() => undefined));
  const renewal = new Renewal({ invalidateQueries: act });
  renewal.after(EVENT);
  await vi.advanceTimersByTimeAsync(300);
  renewal.after(EVENT);
  const before = act.mock.calls.length;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(act.mock.calls.length).toBeGreaterThan(before);
});
