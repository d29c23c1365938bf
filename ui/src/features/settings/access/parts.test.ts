import { expect, test } from "vitest";
import { browserOf } from "./agent";
import { pathOf } from "./QrCode";
import { groups, presets } from "./scopes";

test("a browser is called as its user calls it", () => {
  expect(browserOf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36")).toBe(
    "Chrome on Linux",
  );
  expect(browserOf("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605.1")).toBe("Safari on macOS");
  expect(browserOf("curl/8.0")).toBe("curl/8.0");
  expect(browserOf("")).toBe("A browser");
});

test("dark modules of a code become one rectangle a run", () => {
  expect(
    pathOf([
      [true, true, false],
      [false, true, true],
    ]),
  ).toBe("M0 0h2v1H0zM1 1h2v1H1z");
});

test("nobody is offered a right for a key that they do not have", () => {
  const own = ["automations:read", "kill-switch:read", "metrics:read"];
  expect(groups(own).map((each) => each.label)).toEqual(["Automations", "Kill switch", "Metrics"]);
  expect(presets(own).flatMap((each) => each.scopes.filter((scope) => !own.includes(scope)))).toEqual([]);
});
