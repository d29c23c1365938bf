import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { show } from "../../../tests/render";
import { server } from "../../../tests/server";
import Notifications from "./Notifications";

const SESSION = {
  ...{ user: "ada", role: "trader", owner: "ada", scopes: ["self:write"], via: "session", csrf_token: "t" },
  ...{ expires_at: null, second_factor: false, proved_until: null },
};
const TARGET = {
  ...{ id: "t1", name: "phone", scheme: "tgram", tell: ["own"], enabled: true, waiting: 2, told_at: null, revision: 3 },
  ...{ problem: "", created_at: "2026-01-01T00:00:00Z" },
};
const PATH = "*/api/v1/notifications/targets";

function node(targets: unknown[]): void {
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json(SESSION)),
    http.get(PATH, () => HttpResponse.json({ targets })),
  );
}

test("what is told is chosen with the revision that was seen, and a test says whether it arrived", async () => {
  node([TARGET]);
  const sent: unknown[] = [];
  server.use(
    http.patch(`${PATH}/t1`, async ({ request }) => {
      sent.push(request.headers.get("if-match"), await request.json());
      return HttpResponse.json(TARGET);
    }),
    http.post(`${PATH}/t1/test`, () =>
      HttpResponse.json({ name: "phone", service: "Telegram", arrived: false, error: "the chat is not known" }),
    ),
  );
  show(<Notifications />);
  await userEvent.click(await screen.findByRole("checkbox", { name: "Fills" }));
  await waitFor(() => expect(sent).toEqual(['"3"', { tell: ["own", "fills"] }]));
  expect(screen.getByText(/2 wait/)).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Send a test" }));
  expect((await screen.findByRole("status")).textContent).toBe("The test did not arrive: the chat is not known.");
  // The node's own ways are for admins.
  expect(screen.queryByText("Where the node tells of everything")).toBeNull();
});

test("a URL that cannot be used is said at its field, and what was typed stays", async () => {
  node([]);
  server.use(
    http.post(PATH, () => {
      const errors = [{ field: "body.url", reason: "cannot be used: no service is called so" }];
      const body = {
        type: "urn:octobot-node:problem:invalid",
        title: "",
        status: 422,
        detail: "wrong",
        request_id: "r",
      };
      return HttpResponse.json({ ...body, errors }, { status: 422 });
    }),
  );
  show(<Notifications />);
  await userEvent.click(await screen.findByRole("button", { name: "Add one" }));
  await userEvent.type(screen.getByLabelText("Name"), "phone");
  await userEvent.click(screen.getByRole("button", { name: "Mail, or another" }));
  await userEvent.type(screen.getByLabelText("URL"), "telex://s3cret");
  await userEvent.click(screen.getByRole("button", { name: "Add it" }));
  expect(await screen.findByText(/no service is called so/)).toBeTruthy();
  expect((screen.getByLabelText("URL") as HTMLInputElement).value).toBe("telex://s3cret");
  expect(screen.getByLabelText("URL").getAttribute("type")).toBe("password");
});

test("Telegram is a token and a chat, and no address that one must know how to write", async () => {
  node([]);
  const sent: unknown[] = [];
  server.use(
    http.post(PATH, async ({ request }) => {
      sent.push(await request.json());
      return HttpResponse.json(TARGET, { status: 201 });
    }),
  );
  show(<Notifications />);
  await userEvent.click(await screen.findByRole("button", { name: "Add one" }));
  await userEvent.type(screen.getByLabelText("Name"), "phone");
  await userEvent.type(screen.getByLabelText("Token of your bot"), "123:abc");
  expect((screen.getByRole("button", { name: "Add it" }) as HTMLButtonElement).disabled).toBe(true);
  await userEvent.type(screen.getByLabelText("Id of the chat"), "987");
  await userEvent.click(screen.getByRole("button", { name: "Add it" }));
  const tell = ["failures", "unknown_orders", "own"];
  await waitFor(() => expect(sent).toEqual([{ name: "phone", url: "tgram://123:abc/987", tell }]));
});
