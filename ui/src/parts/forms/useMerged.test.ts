import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useMerged } from "./useMerged";

test("a part that is told late takes back nothing that was said meanwhile", () => {
  const { result } = renderHook(() => useMerged({ name: "", amount: "" }));
  const [, late] = result.current;
  act(() => {
    result.current[1]({ name: "mine" });
  });
  act(() => {
    expect(late({ amount: "1" })).toEqual({ name: "mine", amount: "1" });
  });
  expect(result.current[0]).toEqual({ name: "mine", amount: "1" });
});
