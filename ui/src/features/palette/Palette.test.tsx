import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { showPage } from "../../../tests/render";
import { server } from "../../../tests/server";
import Palette from "./Palette";

const ROW = {
  id: "a1",
  name: "grid-btc",
  type: "octobot_tentacles.grid",
  symbols: ["BTC/USD"],
  account: "kraken",
  status: "active",
  open_orders: 31,
};

function answer(scopes: string[]): { paused: string[] } {
  const paused: string[] = [];
  server.use(
    http.get("*/api/v1/session", () => HttpResponse.json({ user: "ada", scopes })),
    http.get("*/api/v1/accounts", () => HttpResponse.json({ accounts: [], next_cursor: null })),
    http.get("*/api/v1/types", () => HttpResponse.json({ types: [] })),
    http.get("*/api/v1/automations", () => HttpResponse.json({ automations: [ROW] })),
    http.post("*/api/v1/automations/:id/pause", ({ params }) => {
      paused.push(String(params["id"]));
      return HttpResponse.json({});
    }),
  );
  return { paused };
}

/** What was typed is marked, which takes a name apart. */
function named(text: string) {
  return (name: string) => name.replace(/\s/g, "").startsWith(text);
}

test("an automation is paused by a few letters and Enter, and what was done is said", async () => {
  const { paused } = answer(["automations:write"]);
  showPage(<Palette onClose={() => undefined} onHelp={() => undefined} />);
  await userEvent.type(await screen.findByRole("combobox"), "pause g");
  const option = await screen.findByRole("option", { name: named("Pausegrid-btc") });
  await waitFor(() => expect(option.getAttribute("aria-selected")).toBe("true"));
  expect(screen.getByRole("combobox").getAttribute("aria-activedescendant")).toBe(option.id);
  await userEvent.keyboard("{Enter}");
  expect((await screen.findByRole("status")).textContent).toBe("grid-btc is paused.");
  expect(paused).toEqual(["a1"]);
});

test("arrows choose, Enter goes there, and the palette closes", async () => {
  answer([]);
  const closed = vi.fn();
  const { where } = showPage(<Palette onClose={closed} onHelp={() => undefined} />);
  await userEvent.click(await screen.findByRole("combobox"));
  await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  await waitFor(() => expect(where().pathname).toBe("/replays"));
  expect(closed).toHaveBeenCalledOnce();
});

test("who may only look is offered nothing that writes", async () => {
  answer(["automations:read"]);
  showPage(<Palette onClose={() => undefined} onHelp={() => undefined} />);
  await userEvent.type(await screen.findByRole("combobox"), "grid");
  await screen.findByRole("option", { name: named("grid-btc") });
  expect(screen.queryByRole("option", { name: /Pause/ })).toBeNull();
});

test("what was typed while it was fetched is in it", async () => {
  answer([]);
  showPage(<Palette early={() => "over"} onClose={() => undefined} onHelp={() => undefined} />);
  expect(((await screen.findByRole("combobox")) as HTMLInputElement).value).toBe("over");
});
