import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { BulkResult } from "@/api/client/types.gen";
import "@/api/http";
import { server } from "../../../tests/server";
import { bodyOf, type Course, goThrough } from "./bulk";

function answer(more: Partial<BulkResult>): BulkResult {
  return { command: "pause", dry_run: true, done: [], refused: [], next_cursor: null, total: 0, reasons: [], ...more };
}

test("all that there is must be said, marked ones go by their ids, and a filter as it is", () => {
  expect(bodyOf("pause", { filter: {} }, true, null)).toEqual({
    command: "pause",
    dry_run: true,
    limit: 5000,
    everything: true,
  });
  expect(bodyOf("stop", { ids: ["a"] }, false, null)).toEqual({
    command: "stop",
    dry_run: false,
    limit: 5000,
    ids: ["a"],
  });
  expect(bodyOf("stop", { filter: { status: ["failed"], paper: false } }, false, "7")).toEqual({
    command: "stop",
    dry_run: false,
    limit: 5000,
    cursor: "7",
    status: ["failed"],
    paper: false,
  });
});

test("it is gone through to its end, counted as it goes, and the same reason is one line", async () => {
  const answers = [
    answer({
      done: ["a", "b"],
      refused: [{ id: "c", reason: "'c' is paused already" }],
      reasons: [{ reason: "is paused already", count: 1 }],
      next_cursor: "x",
      total: 6,
    }),
    answer({
      done: ["d"],
      refused: [
        { id: "e", reason: "'e' is stopped" },
        { id: "f", reason: "'f' is paused already" },
      ],
      reasons: [
        { reason: "is stopped", count: 1 },
        { reason: "is paused already", count: 1 },
      ],
      total: 6,
    }),
  ];
  const asked: unknown[] = [];
  server.use(
    http.post("*/api/v1/automations/bulk", async ({ request }) => {
      asked.push(((await request.json()) as { cursor?: string }).cursor);
      return HttpResponse.json(answers.shift());
    }),
  );
  const told: Course[] = [];
  const found = await goThrough("pause", { filter: {} }, true, (each) => told.push(each), new AbortController().signal);
  expect(asked).toEqual([undefined, "x"]);
  expect(told.map(({ looked, done, finished }) => [looked, done, finished])).toEqual([
    [3, 2, false],
    [6, 3, true],
  ]);
  expect(found.reasons).toEqual([
    { reason: "is paused already", count: 2 },
    { reason: "is stopped", count: 1 },
  ]);
});

test("what is stopped on its way stays as far as it got", async () => {
  let asked = 0;
  server.use(
    http.post("*/api/v1/automations/bulk", () => {
      asked += 1;
      return HttpResponse.json(answer({ done: ["a"], next_cursor: "x", total: 9 }));
    }),
  );
  const stop = new AbortController();
  const found = await goThrough("pause", { filter: {} }, false, () => stop.abort(), stop.signal);
  expect([asked, found.finished, found.done, found.total]).toEqual([1, false, 1, 9]);
});
