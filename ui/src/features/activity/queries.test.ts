import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { server } from "../../../tests/server";
import { addressOf } from "./exporting";
import { dayAfter, verifyAll } from "./queries";

test("a day is meant with all of it", () => {
  expect(dayAfter("2026-02-28")).toBe("2026-03-01T00:00:00Z");
});

test("the whole audit is verified, step after step, and the first entry that is wrong ends it", async () => {
  const asked: Array<string | null> = [];
  const answer = (since: string | null) => {
    const base = { holds: true, broken: null, verified: 100, anchor: "", more: true, remembered: "" };
    if (since === null) return { ...base, anchor: "100:a" };
    return since === "100:a"
      ? { ...base, anchor: "200:b" }
      : { ...base, holds: false, broken: { id: 207, why: "was changed" }, verified: 6, more: true };
  };
  server.use(
    http.get("*/api/v1/audit/verify", ({ request }) => {
      const since = new URL(request.url).searchParams.get("since");
      asked.push(since);
      return HttpResponse.json(answer(since));
    }),
  );
  const told: number[] = [];
  const found = await verifyAll((verified) => told.push(verified));
  expect(asked).toEqual([null, "100:a", "200:b"]);
  expect(told).toEqual([100, 200, 206]);
  expect(found).toMatchObject({ holds: false, broken: { id: 207 }, verified: 206 });
});

test("an export is of one kind of money, and of whole days", () => {
  expect(addressOf({ what: "tax", account: "a1", paper: false, since: "2026-01-01", until: "2026-12-31" })).toBe(
    "/api/v1/exports/tax?account=a1&paper=false&since=2026-01-01T00%3A00%3A00Z&until=2027-01-01T00%3A00%3A00Z",
  );
});
