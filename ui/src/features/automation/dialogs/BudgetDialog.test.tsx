import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { problem, show } from "../../../../tests/render";
import { server } from "../../../../tests/server";
import { BudgetDialog } from "./BudgetDialog";
import { amountsOf } from "./budget";

const OF = { id: "a1", name: "grid", asset: "USD" };
const ASSET = { asset: "USD", change: "0", budget: "1000", free: "600", reserved: "400", held: "0", takeable: "600" };
const STANDING = {
  ...{ automation: "grid", id: "a1", status: "active", account: "paper", revision: 7, findings: [], note: "" },
  assets: [{ ...ASSET, addable: "250" }],
};
const AFTER = { ...STANDING, assets: [{ ...ASSET, change: "100", budget: "1100", free: "700", addable: "150" }] };
/** What is typed is asked about once it has settled, and the machine may be busy. */
const SOON = { timeout: 4_000 };
const PATH = "*/api/v1/automations/a1/budget";

function plans(answer: (body: Record<string, unknown>) => Response): void {
  server.use(
    http.post(`${PATH}/plan`, async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>;
      return Object.keys(body).length === 0 ? HttpResponse.json(STANDING, { headers: { etag: '"7"' } }) : answer(body);
    }),
  );
}

test("what is typed is planned, and given with the revision that was planned of", async () => {
  plans(() => HttpResponse.json(AFTER, { headers: { etag: '"7"' } }));
  const sent: unknown[] = [];
  server.use(
    http.post(PATH, async ({ request }) => {
      sent.push(request.headers.get("if-match"), await request.json());
      return HttpResponse.json(AFTER);
    }),
  );
  const closed = vi.fn();
  show(<BudgetDialog of={OF} onClose={closed} />);
  await userEvent.type(await screen.findByLabelText("Amount, USD"), "100");
  const give = screen.getByRole("button", { name: "Give 100 USD" }) as HTMLButtonElement;
  expect(give.disabled).toBe(true);
  await waitFor(() => expect(screen.getByRole("row", { name: /^Free/ }).textContent).toBe("Free600.00700.00"), SOON);
  expect(screen.getByRole("row", { name: /^Reserved/ }).textContent).toBe("Reserved by orders400.00400.00");
  expect(screen.getByRole("row", { name: /^Left on paper/ }).textContent).toBe("Left on paper250.00150.00");
  // By the keyboard alone.
  await userEvent.type(screen.getByLabelText("Amount, USD"), "{Enter}");
  await waitFor(() => expect(closed).toHaveBeenCalledOnce());
  expect(sent).toEqual(['"7"', { add: { USD: "100" } }]);
});

test("what the node says against it stands at the field, and nothing is sent", async () => {
  plans(() => {
    const answer = {
      type: "urn:octobot-node:problem:invalid",
      title: "",
      status: 422,
      detail: "wrong",
      request_id: "r1",
    };
    const errors = [{ field: "body.take.USD", reason: "600 USD can be taken, not 700: take less" }];
    return HttpResponse.json({ ...answer, errors }, { status: 422 });
  });
  show(<BudgetDialog of={OF} onClose={() => undefined} />);
  await userEvent.click(await screen.findByRole("button", { name: "Take" }));
  await userEvent.click(screen.getByRole("button", { name: "All that is free" }));
  expect((screen.getByLabelText("Amount, USD") as HTMLInputElement).value).toBe("600");
  await userEvent.clear(screen.getByLabelText("Amount, USD"));
  await userEvent.type(screen.getByLabelText("Amount, USD"), "700");
  expect(await screen.findByText("600 USD can be taken, not 700: take less.", {}, SOON)).toBeTruthy();
  expect(screen.getByLabelText("Amount, USD").getAttribute("aria-invalid")).toBe("true");
});

test("one that has ended says why, and offers nothing", async () => {
  server.use(http.post(`${PATH}/plan`, () => problem("conflict", 409, "'grid' was deleted")));
  show(<BudgetDialog of={OF} onClose={() => undefined} />);
  expect((await screen.findByRole("alert")).textContent).toContain("'grid' was deleted");
  expect(screen.queryByLabelText(/Amount/)).toBeNull();
});

test("amounts are sent as they are written, and nothing is no amount to give", () => {
  expect(amountsOf({ how: "add", asset: "USD", amount: "0.10" })).toEqual({ add: { USD: "0.10" } });
  expect(amountsOf({ how: "set", asset: "USD", amount: "0" })).toEqual({ set: { USD: "0" } });
  for (const amount of ["", "0", "0.0", "1,000", "-1", "1e3"]) {
    expect(amountsOf({ how: "take", asset: "USD", amount })).toBeNull();
  }
});
