import { expect, test } from "vitest";
import { decimalsOf, roundTimes, roundValues } from "./axis";

test("values of an axis are round, and between its ends", () => {
  expect(roundValues(-12.85, 3.2, 4)).toEqual([-10, -5, 0]);
  expect(roundValues(9_914, 20_339, 5)).toEqual([10_000, 12_500, 15_000, 17_500, 20_000]);
  expect(roundValues(7, 7, 5)).toEqual([7]);
});

test("marks have as many decimals as tell them apart", () => {
  expect([[0, 2.5], [0, 0.25], [1000, 1500], [7]].map(decimalsOf)).toEqual([1, 2, 0, 0]);
});

test("times of an axis are round: hours of a day, days of a month, months of years", () => {
  const at = (text: string) => Date.parse(`${text}Z`);
  const said = (times: number[]) => times.map((each) => new Date(each).toISOString().slice(0, 13));
  expect(said(roundTimes(at("2022-01-01T01:00"), at("2022-01-01T10:00"), 4))).toEqual([
    "2022-01-01T03",
    "2022-01-01T06",
    "2022-01-01T09",
  ]);
  expect(said(roundTimes(at("2022-01-01T01:01"), at("2022-01-31T05:00"), 5))).toEqual([
    "2022-01-06T00",
    "2022-01-13T00",
    "2022-01-20T00",
    "2022-01-27T00",
  ]);
  expect(said(roundTimes(at("2020-02-10T00:00"), at("2022-01-31T00:00"), 6))).toEqual([
    "2020-07-01T00",
    "2021-01-01T00",
    "2021-07-01T00",
    "2022-01-01T00",
  ]);
});
