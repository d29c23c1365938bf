import { expect, test } from "vitest";
import { persistently } from "./lazyPart";

test("a part whose file could not be fetched is asked for again", async () => {
  const answers = [Promise.reject(new TypeError("Failed to fetch")), Promise.resolve("the part")];
  expect(await persistently(() => answers.shift() ?? Promise.reject(new Error("asked too often")))).toBe("the part");
});
