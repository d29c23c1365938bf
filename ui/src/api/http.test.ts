import { http } from "msw";
import { expect, test } from "vitest";
import { problem } from "../../tests/render";
import { server } from "../../tests/server";
import { listTypes, readSession } from "./client/sdk.gen";
import { isProblem, onSessionEnded } from "./http";

test("an answer that knows nobody ends the session, but not the question who is signed in", async () => {
  server.use(
    http.get("*/api/v1/types", () => problem("unauthenticated", 401, "log in")),
    http.get("*/api/v1/session", () => problem("unauthenticated", 401, "log in")),
  );
  let ended = 0;
  const forget = onSessionEnded(() => {
    ended += 1;
  });
  await readSession().catch(() => undefined);
  expect(ended).toBe(0);
  const error: unknown = await listTypes().catch((raised: unknown) => raised);
  expect([isProblem(error, "unauthenticated"), ended]).toEqual([true, 1]);
  forget();
  await listTypes().catch(() => undefined);
  expect(ended).toBe(1);
});

test("what was changed meanwhile is told with how it stands now", async () => {
  const current = { revision: 8, name: "grid" };
  server.use(
    http.get(
      "*/api/v1/types",
      () =>
        new Response(JSON.stringify({ type: "urn:octobot-node:problem:changed-meanwhile", detail: "…", current }), {
          status: 412,
          headers: { "content-type": "application/problem+json" },
        }),
    ),
  );
  const error: unknown = await listTypes().catch((raised: unknown) => raised);
  expect(isProblem(error, "changed-meanwhile") && error.current).toEqual(current);
});
