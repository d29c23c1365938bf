import { expect, test } from "vitest";
import { pagesAround } from "./Rows";

test("a page is read before one of its rows is seen, and none that there is not", () => {
  expect(pagesAround(0, 40, 100_000)).toEqual([0, 0]);
  expect(pagesAround(300, 360, 100_000)).toEqual([0, 1]);
  expect(pagesAround(520, 560, 100_000)).toEqual([0, 1]);
  expect(pagesAround(700, 760, 100_000)).toEqual([1, 1]);
  expect(pagesAround(99_960, 99_999, 100_000)).toEqual([199, 199]);
  expect(pagesAround(0, 3, 4)).toEqual([0, 0]);
});
