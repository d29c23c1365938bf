import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import type { AccountDetail } from "@/api/client/types.gen";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { Mode } from "./Mode";

const ACCOUNT = {
  id: "l1",
  name: "kraken-main",
  simulated: false,
  mode: "observe",
  limits: {},
  open_orders: 2,
  problem: "",
} as unknown as AccountDetail;

test("an account goes live once it was said what happens, with a limit for its first day", async () => {
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/accounts/l1/go-live", ({ request }) => {
      const most = new URL(request.url).searchParams.get("max_first_day");
      const will = ["Orders of 2 automations go to kraken with real money.", ...(most ? [`At most ${most}.`] : [])];
      return HttpResponse.json({ will, warnings: most ? [] : ["No limit is set for the first day."] });
    }),
    http.post("*/api/v1/accounts/l1/go-live", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ changed: true });
    }),
  );
  showPage(<Mode account={ACCOUNT} />);
  await userEvent.click(await screen.findByRole("button", { name: "Go live…" }));
  expect(await screen.findByText("No limit is set for the first day.")).toBeTruthy();
  const most = screen.getByLabelText(/Most in the first 24 hours/);
  await userEvent.type(most, "2oo");
  expect(screen.getByText("Write a number, with a point.")).toBeTruthy();
  expect(screen.getByRole<HTMLButtonElement>("button", { name: "Go live" }).disabled).toBe(true);
  await userEvent.clear(most);
  await userEvent.type(most, "200");
  expect(await screen.findByText("At most 200.")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Go live" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(sent).toEqual([{ max_first_day: "200" }]);
});

test("who has an account only observe learns what stays at the exchange", async () => {
  const told: string[] = [];
  server.use(
    http.post("*/api/v1/accounts/l1/observe", () => {
      told.push("observe");
      return HttpResponse.json({ changed: true });
    }),
  );
  showPage(<Mode account={{ ...ACCOUNT, mode: "live" }} />);
  await userEvent.click(await screen.findByRole("button", { name: "Only observe…" }));
  expect(screen.getByText(/Orders that rest at the exchange stay there/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Only observe" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  expect(told).toEqual(["observe"]);
});
