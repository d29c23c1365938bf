import { expect, test } from "vitest";
import { apart, areas, linePath, nearest, scale } from "./curves";

const same = (value: number) => value;

test("a line breaks where nothing is known, and goes on behind it", () => {
  expect(linePath([0, 1, 2, 3], [5, null, 6, 7], same)).toBe("M0.0 5.0M2.0 6.0L3.0 7.0");
});

test("the area between two curves is cut where they cross", () => {
  const found = areas([0, 2], [1, 3], [2, 2], same);
  expect(found.below).toBe("M0.0 1.0L1.0 2.0L1.0 2.0L0.0 2.0Z");
  expect(found.above).toBe("M1.0 2.0L2.0 3.0L2.0 2.0L1.0 2.0Z");
});

test("nothing is shaded where one of both is not known", () => {
  expect(areas([0, 1, 2], [1, null, 1], [2, 2, 2], same)).toEqual({ above: "", below: "" });
});

test("the nearest point of time is found", () => {
  expect([-5, 4, 6, 99].map((wanted) => nearest([0, 10, 20], wanted))).toEqual([0, 0, 1, 2]);
});

test("labels do not cover each other", () => {
  expect(apart([50, 10, 12], 0, 12)).toEqual([50, 10, 22]);
});

test("a scale of one value has no slope", () => {
  expect(scale([3, 3], [10, 20])(3)).toBe(10);
});
