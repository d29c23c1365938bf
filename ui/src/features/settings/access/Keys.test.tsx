import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { problem, showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import Keys from "./Keys";

const SESSION = {
  user: "ada",
  role: "trader",
  owner: "ada",
  scopes: ["automations:read", "metrics:read"],
  via: "session",
  csrf_token: "t",
  expires_at: null,
  second_factor: false,
  proved_until: null,
};

test("a key is made after one has shown again that it is oneself, and its token is told once", async () => {
  const asked: unknown[] = [];
  let proved = false;
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(SESSION)),
    http.get("*/api/v1/keys", () => HttpResponse.json({ keys: [], next_cursor: null })),
    http.post("*/api/v1/session/proof", () => {
      proved = true;
      return HttpResponse.json(SESSION);
    }),
    http.post("*/api/v1/keys", async ({ request }) => {
      if (!proved) return problem("proof-required", 403, "show again that it is you");
      const body = (await request.json()) as { name: string; scopes: string[] };
      asked.push(body);
      return HttpResponse.json(
        {
          id: "k1",
          user: "ada",
          ...body,
          prefix: "ock_ab",
          created_at: "2026-01-01T00:00:00Z",
          expires_at: null,
          used_at: null,
          revoked_at: null,
          token: "ock_abcdef",
        },
        { status: 201 },
      );
    }),
  );
  showPage(<Keys />);
  await userEvent.click(await screen.findByRole("button", { name: "Make one" }));
  const make = screen.getByRole("button", { name: "Make it" }) as HTMLButtonElement;
  expect(make.disabled).toBe(true);
  await userEvent.type(screen.getByLabelText("What it is for"), "grafana");
  await userEvent.click(await screen.findByRole("button", { name: "Only metrics" }));
  await userEvent.click(make);
  await userEvent.type(await screen.findByLabelText(/Is it you/), "correct horse battery");
  await userEvent.click(screen.getByRole("button", { name: "Go on" }));
  expect((await screen.findByTestId("once")).textContent).toBe("ock_abcdef");
  expect(asked).toEqual([{ name: "grafana", scopes: ["metrics:read"], expires_in: 7_776_000 }]);
  await userEvent.click(screen.getByRole("button", { name: "I have kept it" }));
  await waitFor(() => expect(screen.queryByTestId("once")).toBeNull());
});
