import { screen } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { showPage } from "../../../tests/render";
import { server } from "../../../tests/server";
import { Health } from "./Health";
import { Tentacles } from "./Tentacles";

test("what is wrong stands first, with what to do about it", async () => {
  server.use(
    http.get("*/api/v1/node/checks", () =>
      HttpResponse.json({
        status: "failed",
        checks: [
          { name: "clock", plugin: "health", status: "ok", detail: "in step", cure: "", seconds: 0.01 },
          { name: "disk", plugin: "health", status: "warning", detail: "96 % full", cure: "make room", seconds: 0.2 },
          { name: "plugins", plugin: "health", status: "failed", detail: "fox broke", cure: "mend it", seconds: 0.1 },
        ],
      }),
    ),
  );
  showPage(<Health />);
  const items = await screen.findAllByRole("listitem");
  expect(items.map((each) => each.textContent)).toEqual([
    "Plugins, failedfox brokeCure: mend it0.1 s",
    "Disk, a warning96 % fullCure: make room0.2 s",
    "Clockin step10 ms",
  ]);
});

test("of a tentacle that broke the reason is told, as text", async () => {
  const base = { hooks: [], registers: {}, commands: [], left_out: [], troubles: [], services: [] };
  server.use(
    http.get("*/api/v1/plugins", () =>
      HttpResponse.json({
        plugins: [
          { ...base, name: "grid", version: "1", origin: "built-in", module: "g", status: "loaded", error: "" },
          {
            ...base,
            name: "fox",
            version: "0.4",
            origin: "installed by fox",
            module: "fox",
            status: "broken",
            error: "KeyError: <img src=x onerror=alert(1)>",
          },
        ],
      }),
    ),
  );
  showPage(<Tentacles />);
  expect(await screen.findByRole("heading", { name: "To mend" })).toBeTruthy();
  expect(screen.getByText(/KeyError: <img/)).toBeTruthy();
  expect(document.querySelector("img")).toBeNull();
});
