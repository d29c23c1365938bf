import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { problem, showPage } from "../../../tests/render";
import { server } from "../../../tests/server";
import Secrets from "./Secrets";

const SESSION = {
  user: "ada",
  role: "trader",
  owner: "ada",
  scopes: ["accounts:read", "accounts:write"],
  via: "session",
  csrf_token: "t",
  expires_at: null,
  second_factor: true,
  proved_until: null,
};
const ROW = {
  owner: "ada",
  name: "kraken-key",
  version: 1,
  created_at: "2026-01-01T00:00:00Z",
  changed_at: "2026-01-01T00:00:00Z",
  changed_by: "ada",
  uses: 1204,
  last_used: "2026-01-02T00:00:00Z",
  accounts: ["kraken"],
};

test("a secret gets another value once a code was given, and what it was is nowhere on the page", async () => {
  const asked: unknown[] = [];
  let proved = false;
  let rows = [ROW];
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(SESSION)),
    http.get("*/api/v1/secrets", () => HttpResponse.json({ secrets: rows, next_cursor: null })),
    http.post("*/api/v1/session/proof", () => {
      proved = true;
      return HttpResponse.json(SESSION);
    }),
    http.post("*/api/v1/secrets/kraken-key/rotate", async ({ request }) => {
      if (!proved) return problem("proof-required", 403, "show again that it is you");
      asked.push(await request.json());
      rows = [{ ...ROW, version: 2 }];
      return HttpResponse.json(rows[0]);
    }),
  );
  showPage(<Secrets />);
  expect(await screen.findByText(/1,204 times/)).toBeTruthy();
  expect(screen.getByRole("link", { name: "kraken" }).getAttribute("href")).toBe("/accounts/kraken");
  expect((screen.getByRole("button", { name: "Remove…" }) as HTMLButtonElement).disabled).toBe(true);
  await userEvent.click(await screen.findByRole("button", { name: "Another value…" }));
  await userEvent.click(screen.getByLabelText("The secret"));
  await userEvent.paste("new-key\n");
  await userEvent.click(screen.getByRole("button", { name: "Replace it" }));
  await userEvent.type(await screen.findByLabelText(/Is it you/), "123456");
  await userEvent.click(screen.getByRole("button", { name: "Go on" }));
  await screen.findByText(/value 2/);
  expect(asked).toEqual([{ value: "new-key" }]);
  expect(document.body.innerHTML).not.toContain("new-key");
});

test("a secret is kept, and a name that is wrong is said at its field", async () => {
  const asked: unknown[] = [];
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(SESSION)),
    http.get("*/api/v1/secrets", () => HttpResponse.json({ secrets: [], next_cursor: null })),
    http.post("*/api/v1/secrets", async ({ request }) => {
      asked.push(await request.json());
      const errors = [{ field: "name", reason: "must be letters, digits, dots and dashes", kind: "value" }];
      const body = { type: "urn:octobot-node:problem:invalid", title: "", status: 422, detail: "", request_id: "r" };
      return new Response(JSON.stringify({ ...body, errors }), {
        status: 422,
        headers: { "content-type": "application/problem+json" },
      });
    }),
  );
  showPage(<Secrets />);
  await userEvent.click(await screen.findByRole("button", { name: "Keep one" }));
  await userEvent.type(screen.getByLabelText("Its name"), "a b");
  await userEvent.click(screen.getByLabelText("The secret"));
  await userEvent.paste("-----BEGIN KEY-----\nabc\n-----END KEY-----\n");
  await userEvent.click(screen.getByRole("button", { name: "Keep it" }));
  expect(await screen.findByText("must be letters, digits, dots and dashes")).toBeTruthy();
  await waitFor(() => expect(asked).toEqual([{ name: "a b", value: "-----BEGIN KEY-----\nabc\n-----END KEY-----\n" }]));
});

test("an admin changes what is of the same owner, and only looks at what others have under the same name", async () => {
  const admin = { ...SESSION, user: "admin", role: "admin", owner: null, scopes: [...SESSION.scopes, "users:read"] };
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(admin)),
    http.get("*/api/v1/users", () =>
      HttpResponse.json({ users: [{ name: "admin", owner: "local" }], next_cursor: null }),
    ),
    http.get("*/api/v1/secrets", () =>
      HttpResponse.json({ secrets: [ROW, { ...ROW, owner: "local", accounts: [] }], next_cursor: null }),
    ),
  );
  showPage(<Secrets />);
  const [theirs, own] = await screen.findAllByRole("listitem");
  expect(await within(own as HTMLElement).findByRole("button", { name: "Another value…" })).toBeTruthy();
  expect(within(theirs as HTMLElement).queryByRole("button")).toBeNull();
  expect(theirs?.textContent).toContain("of ada");
});
