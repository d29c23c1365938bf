import { expect, test } from "vitest";
import { sentence } from "./sentences";

test("a reason becomes a sentence among others: a capital, an end, no marks of code", () => {
  expect(sentence("the exchange does not say whether it exists")).toBe("The exchange does not say whether it exists.");
  expect(sentence("its host's name cannot be looked up; set `OCTOBOT_EGRESS_ALLOW_PRIVATE`.")).toBe(
    "Its host's name cannot be looked up; set OCTOBOT_EGRESS_ALLOW_PRIVATE.",
  );
  expect(sentence(" ")).toBe("");
});
