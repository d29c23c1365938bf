import { expect, test } from "vitest";
import { Allowance, read } from "./bridge";

const said = (what: Record<string, unknown>) => read({ octobot: 1, ...what });

test("a panel is heard where it speaks this bridge, and nothing else it says is taken for anything", () => {
  expect(said({ say: "ready" })).toEqual({ say: "ready" });
  expect(said({ say: "ask", id: 7, what: "fills", given: { limit: 5 } })).toEqual({
    say: "ask",
    id: 7,
    what: "fills",
    given: { limit: 5 },
  });
  expect(said({ say: "go", automation: "019b1f00-0000" })).toEqual({ say: "go", automation: "019b1f00-0000" });
  for (const wrong of [
    null,
    "ready",
    { say: "ready" },
    { octobot: 2, say: "ready" },
    { octobot: 1, say: "ask", id: 1, what: "users" },
    { octobot: 1, say: "ask", id: "1", what: "fills" },
    { octobot: 1, say: "go", automation: "//elsewhere.example" },
    { octobot: 1, say: "go", automation: "javascript:alert(1)" },
    { octobot: 1, say: "size", height: "100vh" },
    { octobot: 1, say: "stop everything" },
  ]) {
    expect(read(wrong)).toBeNull();
  }
});

test("it is as high as it says, within what a page has room for", () => {
  expect([1, 300.4, 1e9].map((height) => said({ say: "size", height }))).toEqual([
    { say: "size", height: 80 },
    { say: "size", height: 300 },
    { say: "size", height: 2000 },
  ]);
});

test("it asks four things at once, and so many in a minute", () => {
  const allowance = new Allowance();
  expect([1, 2, 3, 4, 5].map((now) => allowance.take(now))).toEqual([true, true, true, true, false]);
  allowance.give();
  expect(allowance.take(6)).toBe(true);
  const other = new Allowance();
  for (let asked = 0; asked < 120; asked++) {
    expect(other.take(asked)).toBe(true);
    other.give();
  }
  expect([other.take(200), other.take(60_200)]).toEqual([false, true]);
});
