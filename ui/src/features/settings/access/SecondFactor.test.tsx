import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { problem, showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import SecondFactor from "./SecondFactor";

test("a second factor is set up: the code is drawn here, a wrong one is said, recovery codes are shown once", async () => {
  let enabled = false;
  const address = "*/api/v1/session/second-factor";
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(null)),
    http.get("*/api/v1/sessions", () => HttpResponse.json({ sessions: [], next_cursor: null })),
    http.get(address, () =>
      HttpResponse.json({ user: "ada", enabled, confirmed_at: null, recovery_codes_left: enabled ? 2 : 0 }),
    ),
    http.post(address, () =>
      HttpResponse.json({ secret: "ABCDEFGH", address: "otpauth://totp/OctoBot:ada?secret=ABCDEFGH" }, { status: 201 }),
    ),
    http.post(`${address}/confirm`, async ({ request }) => {
      const { code } = (await request.json()) as { code: string };
      if (code !== "123456") return problem("unauthenticated", 401, "the code is wrong");
      enabled = true;
      return HttpResponse.json({ codes: ["aaaa-1111", "bbbb-2222"] });
    }),
  );
  showPage(<SecondFactor />);
  await userEvent.click(await screen.findByRole("button", { name: "Set it up" }));
  expect(await screen.findByRole("img", { name: /QR code/ })).toBeTruthy();
  expect(screen.getByText("ABCD EFGH")).toBeTruthy();
  const field = screen.getByLabelText("The code that it shows");
  await userEvent.type(field, "000000");
  await userEvent.click(screen.getByRole("button", { name: /from now on/ }));
  expect((await screen.findByRole("alert")).textContent).toContain("It is wrong");
  await userEvent.clear(field);
  await userEvent.type(field, "123456");
  await userEvent.click(screen.getByRole("button", { name: /from now on/ }));
  expect((await screen.findByTestId("once")).textContent).toBe("aaaa-1111\nbbbb-2222");
  await userEvent.click(screen.getByRole("button", { name: "I have kept them" }));
  await waitFor(() => expect(screen.queryByTestId("once")).toBeNull());
  expect(screen.getByText(/2 recovery codes are left/)).toBeTruthy();
});
