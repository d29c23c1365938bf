import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { problem, show } from "../../../tests/render";
import { server } from "../../../tests/server";
import { SignInForm } from "./SignIn";

const SESSION = {
  user: "ada",
  role: "trader",
  owner: "ada",
  scopes: [],
  via: "session",
  csrf_token: "t",
  expires_at: null,
  second_factor: true,
  proved_until: null,
};
const ADDRESS = "*/api/v1/session";

async function fillIn(password: string): Promise<void> {
  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), password);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

test("a wrong password is said at its field, and how long to wait is said where there were too many", async () => {
  const signedIn = vi.fn();
  server.use(http.post(ADDRESS, () => problem("unauthenticated", 401, "name or password is wrong")));
  show(<SignInForm user="ada" onSignedIn={signedIn} />);
  await fillIn("wrong");
  expect((await screen.findByRole("alert")).textContent).toContain("The name or the password is wrong");
  expect(screen.getByLabelText("Password").getAttribute("aria-invalid")).toBe("true");

  server.use(http.post(ADDRESS, () => problem("throttled", 429, "too many", { "Retry-After": "30" })));
  await fillIn("wrong again");
  await waitFor(() => expect(screen.getByRole("alert").textContent).toBe("Too many attempts. Try again in 30 s."));
  expect(signedIn).not.toHaveBeenCalled();
});

test("whoever has a second factor is asked for its code before they are in", async () => {
  const signedIn = vi.fn();
  let sent: unknown;
  server.use(
    http.post(ADDRESS, () =>
      HttpResponse.json({ second_factor: true, ticket: "k1", expires_at: "2026-02-01T00:00:00Z" }, { status: 202 }),
    ),
    http.post(`${ADDRESS}/code`, async ({ request }) => {
      sent = await request.json();
      return HttpResponse.json(SESSION);
    }),
  );
  show(<SignInForm user="ada" onSignedIn={signedIn} />);
  await fillIn("correct horse battery");
  await userEvent.type(await screen.findByLabelText(/Code of your/), "123456");
  expect(signedIn).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(signedIn).toHaveBeenCalledOnce());
  expect(sent).toEqual({ ticket: "k1", code: "123456" });
});

test("a node that does not answer is not a wrong password", async () => {
  server.use(http.post(ADDRESS, () => HttpResponse.error()));
  show(<SignInForm user="ada" onSignedIn={() => undefined} />);
  await fillIn("correct horse battery");
  expect((await screen.findByRole("alert")).textContent).toBe("The node does not answer. Is it running?");
});
