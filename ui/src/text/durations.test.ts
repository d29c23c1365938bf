import { expect, test } from "vitest";
import { plainDuration } from "./durations";

test("a duration that was kept is written as it is typed, and what is none is left alone", () => {
  expect(["P1D", "PT1H30M", "PT90S", "PT0.25S", "P1W", "P1DT12H"].map(plainDuration)).toEqual([
    "1d",
    "1h30m",
    "90s",
    "250ms",
    "1w",
    "1d12h",
  ]);
  expect(["1d", "Paris", "P", "PT0S", ""].map(plainDuration)).toEqual(["1d", "Paris", "P", "PT0S", ""]);
});
