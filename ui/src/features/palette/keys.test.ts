import { expect, test } from "vitest";
import { makeKeys } from "./keys";

function press(key: string, target: Element = document.body, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, ...more });
  target.dispatchEvent(event);
  return event;
}

test("Ctrl K opens the palette, also from a field", () => {
  const meant = makeKeys();
  const field = document.body.appendChild(document.createElement("input"));
  expect(meant(press("k", field, { ctrlKey: true }))).toEqual({ what: "palette" });
  expect(meant(press("?", field))).toBeNull();
  expect(meant(press("n", field))).toBeNull();
  field.remove();
});

test("the kill switch's keys are its own", () => {
  expect(makeKeys()(press("K", document.body, { ctrlKey: true, shiftKey: true }))).toBeNull();
});

test("G and a letter goes somewhere, unless one waits too long", () => {
  let time = 0;
  const meant = makeKeys(() => time);
  expect(meant(press("g"))).toBeNull();
  expect(meant(press("a"))).toEqual({ what: "go", to: "/automations" });
  expect(meant(press("g"))).toBeNull();
  time = 2_000;
  expect(meant(press("n"))).toEqual({ what: "new" });
});
