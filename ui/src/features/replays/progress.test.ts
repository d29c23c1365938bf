import { expect, test } from "vitest";
import type { Progress } from "@/api/client/types.gen";
import { follow } from "./progress";

function stream(...told: Array<Partial<Progress>>): Response {
  return new Response(told.map((each) => `data: ${JSON.stringify(each)}\n\n`).join(""), { status: 200 });
}

test("a stream that breaks is asked for again, until the replay is over", async () => {
  const answers = [
    () => Promise.resolve(stream({ status: "queued", place: 1 }, { status: "running", done: 5 })),
    () => Promise.reject(new TypeError("away")),
    () => Promise.resolve(stream({ status: "running", done: 9 }, { status: "finished", done: 10 })),
  ];
  const heard: Array<Partial<Progress>> = [];
  let asked = 0;
  const fetcher = () => {
    asked += 1;
    return answers.shift()?.() ?? Promise.reject(new Error("asked after its end"));
  };
  await follow(
    "r1",
    new AbortController().signal,
    (each) => heard.push(each),
    fetcher as typeof fetch,
    () => Promise.resolve(),
  );
  expect(heard.map((each) => `${each.status} ${each.done ?? ""}`)).toEqual([
    "queued ",
    "running 5",
    "running 9",
    "finished 10",
  ]);
  expect(asked).toBe(3);
});

test("one that is gone is not asked for again", async () => {
  let asked = 0;
  const fetcher = () => {
    asked += 1;
    return Promise.resolve(new Response("{}", { status: 404 }));
  };
  await follow("r1", new AbortController().signal, () => undefined, fetcher as typeof fetch);
  expect(asked).toBe(1);
});
