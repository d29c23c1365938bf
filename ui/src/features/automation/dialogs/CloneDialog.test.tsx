import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import type { AutomationDetail } from "@/features/automation/queries";
import { showPage } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { CloneDialog } from "./CloneDialog";

const OF = {
  ...{ id: "a1", name: "dca", type: "octobot_tentacles.dca", account: "binance" },
  ...{ budget: { USDT: "100" }, config: {} },
} as unknown as AutomationDetail;

function node(): unknown[] {
  const sent: unknown[] = [];
  server.use(
    http.get("*/api/v1/accounts", () =>
      HttpResponse.json({
        accounts: [
          { id: "c1", name: "binance", simulated: false },
          { id: "c2", name: "play", simulated: true },
        ],
        next_cursor: null,
      }),
    ),
    http.get("*/api/v1/types/octobot_tentacles.dca", () => HttpResponse.json({ config: { type: "object" } })),
    http.post("*/api/v1/automations/a1/clone", async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json({ id: "a2", name: "dca-2" }, { status: 201 });
    }),
  );
  return sent;
}

test("a clone on an exchange may begin with a shadow", async () => {
  const sent = node();
  const closed = vi.fn();
  showPage(<CloneDialog detail={OF} onClose={closed} />);
  await userEvent.click(await screen.findByRole("checkbox", { name: /With a shadow/ }));
  await userEvent.click(screen.getByRole("button", { name: "Create and start" }));
  await waitFor(() => expect(closed).toHaveBeenCalledOnce());
  expect(sent).toEqual([{ name: "dca-2", account: "binance", budget: { USDT: "100" }, start: true, shadow: true }]);
});

test("on paper it has none, though it was asked for on an exchange before", async () => {
  const sent = node();
  const closed = vi.fn();
  showPage(<CloneDialog detail={OF} onClose={closed} />);
  await userEvent.click(await screen.findByRole("checkbox", { name: /With a shadow/ }));
  await userEvent.selectOptions(screen.getByLabelText("Account"), "play");
  expect(screen.queryByRole("checkbox")).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Create and start" }));
  await waitFor(() => expect(closed).toHaveBeenCalledOnce());
  expect(sent).toMatchObject([{ account: "play", shadow: false }]);
});
