import { expect, test } from "vitest";
import { searched } from "./search";

test("an address says what is looked at, and what it says of another part or nonsense is left out", () => {
  expect(searched({ tab: "chart" })).toEqual({});
  expect(searched({ tab: "config", edit: true, revision: 3, level: "error" })).toEqual({
    tab: "config",
    edit: true,
    revision: 3,
  });
  expect(searched({ tab: "config", edit: "yes", revision: -1 })).toEqual({ tab: "config" });
  expect(searched({ tab: "log", level: "warning", words: 412, edit: true })).toEqual({
    tab: "log",
    level: "warning",
    words: "412",
  });
  expect(searched({ tab: "money", asset: "USD", words: "x" })).toEqual({ tab: "money", asset: "USD" });
  expect(searched({ tab: "<img>", level: 1 })).toEqual({});
});
