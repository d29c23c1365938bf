import { expect, test } from "vitest";
import { add, basisPoints, compare, multiply, sign, subtract, sum } from "./decimal";

test("amounts are added to the last digit, where floats are not", () => {
  expect(add("0.1", "0.2")).toBe("0.3");
  expect(add("99999999999999999999.99999999", "0.00000001")).toBe("100000000000000000000");
  expect(subtract("1", "1.00000000000000000001")).toBe("-0.00000000000000000001");
  expect(sum(["10", "-3.5", "-6.5"])).toBe("0");
  expect(multiply("0.00793", "37831.44")).toBe("300.0033192");
});

test("amounts are compared by what they are, not by how they are written", () => {
  expect(compare("1.0", "1")).toBe(0);
  expect(compare("-2", "-10")).toBe(1);
  expect([sign("-0.001"), sign("0.000"), sign("5")]).toEqual([-1, 0, 1]);
});

test("a change in percent is exact to a hundredth, and not known against nothing", () => {
  expect(basisPoints("10170", "10000")).toBe(170);
  expect(basisPoints("9914.78", "10000")).toBe(-85);
  expect(basisPoints("1", "3")).toBe(-6667);
  expect(basisPoints("5", "0")).toBeNull();
});

test("what is no amount is refused rather than taken for nothing", () => {
  expect(() => add("1e3", "1")).toThrow('"1e3" is not an amount');
  expect(() => sign("")).toThrow("is not an amount");
});
