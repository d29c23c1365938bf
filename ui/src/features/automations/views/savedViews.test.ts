import { HttpResponse, http } from "msw";
import { createElement } from "react";
import { expect, test, vi } from "vitest";
import { show } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { changed, useTakeOver, viewsOf } from "./savedViews";

function Page() {
  useTakeOver("ada");
  return null;
}

const KEPT = { mine: { page: "automations", type: "grid" }, other: { page: "replays" }, odd: 7 };

test("views of this page are those with its name, and others' stay where one is kept or forgotten", () => {
  expect(viewsOf(KEPT)).toEqual([{ name: "mine", search: { type: "grid" } }]);
  expect(changed(KEPT, "mine", null)).toEqual({ other: KEPT.other, odd: 7 });
  expect(changed(KEPT, "new", { sort: "pnl" })).toEqual({ ...KEPT, new: { page: "automations", sort: "pnl" } });
  const many = Object.fromEntries(Array.from({ length: 24 }, (_, n) => [`v${n}`, { page: "automations" }]));
  expect(() => changed(many, "one more", {})).toThrow("24 views are kept already");
  expect(viewsOf(changed(many, "v3", { type: "dca" }))).toHaveLength(24);
});

test("what a browser kept before the node did is given to it once, and replaces nothing", async () => {
  const before = [
    { name: "mine", search: { type: "dca" } },
    { name: "new", search: { status: "failed" } },
  ];
  localStorage.setItem("octobot.views.ada", JSON.stringify(before));
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/preferences", () => HttpResponse.json({ views: KEPT })),
    http.post("*/api/v1/preferences", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ views: {} });
    }),
  );
  show(createElement(Page));
  await vi.waitFor(() => expect(localStorage.getItem("octobot.views.ada")).toBeNull(), { timeout: 4_000 });
  expect(sent).toEqual([{ views: { ...KEPT, new: { page: "automations", status: "failed" } } }]);
});
