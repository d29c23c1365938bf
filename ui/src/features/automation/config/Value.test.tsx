import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { Value } from "./Value";

const written = (value: unknown) => render(<Value value={value} />).container.textContent;

test("a setting is written as people write it, a list of them in words, and what is hostile is text", () => {
  expect(["PT1H30M", "52000.5", true, null, "<img src=x>"].map(written)).toEqual([
    "1h30m",
    "52,000.5",
    "yes",
    "–",
    "<img src=x>",
  ]);
  expect(
    written([
      { percent: "3", price: null, share: "50" },
      { percent: null, price: "110", share: "50" },
    ]),
  ).toBe("percent 3, share 50; price 110, share 50");
  expect(written(["ETH/USD", "SOL/USD"])).toBe("ETH/USD; SOL/USD");
});
