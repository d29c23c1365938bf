/** Panels of plugins: told of their automation by who looks, and harmless where they hang, lie or ask for more. */

import AxeBuilder from "@axe-core/playwright";
import { api, expect, signIn, test } from "./node";

const PICTURES = process.env["PICTURES"];

/** A plugin with a panel that lies, on the page of baskets, and two pages: one that never ends, one that is right. */
const MISCHIEF = `
from pathlib import Path

from octobot_node import hookimpl
from octobot_node.contracts.panels import Panel

HERE = Path(__file__).parent.parent / "files"
SCRIPTS = {
    "busy": "for (;;) {}",
    "liar": """
        const say = (what) => parent.postMessage({octobot: 1, ...what}, "*");
        const tries = {
            cookie: () => document.cookie,
            storage: () => localStorage.length,
            parent: () => parent.document.title,
            top: () => { top.location = "https://elsewhere.example/"; },
            opened: () => { if (!open("https://elsewhere.example/")) throw new Error("no window"); },
        };
        for (const [name, deed] of Object.entries(tries)) {
            let came = "done";
            try { deed(); } catch { came = "refused"; }
            document.body.insertAdjacentHTML("beforeend", "<p>" + name + ": " + came + "</p>");
        }
        fetch("/api/v1/session").then(() => "done", () => "refused").then((came) =>
            document.body.insertAdjacentHTML("beforeend", "<p>api: " + came + "</p>"));
        say({say: "ready"});
        say({say: "size", height: 1e9});
        say({say: "go", automation: null});
        say({say: "ask", id: 1, what: "users"});
    """,
    "sums": """
        let id = 0;
        const say = (what) => parent.postMessage({octobot: 1, ...what}, "*");
        addEventListener("message", ({source, data}) => {
            if (source !== parent) return;
            if (data.say === "hello") say({say: "ask", id: ++id, what: "automations"});
            if (data.say === "answer") document.body.textContent = data.data.map((each) => each.name).join(", ");
        });
        say({say: "ready"});
    """,
}
for name, script in SCRIPTS.items():
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath("panel.js").write_text(script)
    folder.joinpath("index.html").write_text(
        f"<!doctype html><html lang=en><title>{name}</title><body><h3>{name}</h3><script src=panel.js></script></body></html>"
    )


@hookimpl
def register_panels(register):
    register(Panel("liar", "Liar", "automation", HERE / "liar", types=("rebalance",), height=200))
    for name in ("busy", "sums"):
        register(Panel(name, name.title(), "page", HERE / name, types=("rebalance",)))
`;

test.use({ plugins: { "mischief.py": MISCHIEF } });

test("a panel draws what it may know, another hangs, another lies: the page goes on", async ({ page }) => {
  await signIn(page);
  const account = {
    name: "play",
    market_data: { use: "simulated", seed: 7 },
    trading: { use: "paper" },
    balances: { USD: "10000" },
  };
  expect((await api(page, "POST", "/accounts", account)).status).toBe(201);
  const basket = {
    name: "basket",
    type: "rebalance",
    account: "play",
    budget: { USD: "1000" },
    config: { weights: { BTC: "50", ETH: "30", USD: "20" }, quote: "USD" },
  };
  expect((await api(page, "POST", "/automations", basket)).status).toBe(201);
  await page.goto("/automations");
  await page.getByRole("link", { name: "basket" }).click();

  const panel = page.frameLocator("iframe[title='Its basket']");
  await page.getByRole("heading", { name: "Its basket" }).scrollIntoViewIfNeeded();
  await expect(panel.getByRole("row", { name: /BTC/ })).toContainText(/5\d\.\d %.*50\.0 %|4\d\.\d %.*50\.0 %/);
  const { violations } = await new AxeBuilder({ page }).include("section.panel").exclude("iframe").analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  if (PICTURES) await page.screenshot({ path: `${PICTURES}/panel.light.png` });

  // What a liar wanted: nothing of it came to be.
  const liar = page.frameLocator("iframe[title='Liar']");
  await page.getByRole("heading", { name: "Liar" }).scrollIntoViewIfNeeded();
  for (const name of ["cookie", "storage", "parent", "top", "opened", "api"]) {
    await expect(liar.getByText(`${name}: refused`)).toBeVisible();
  }
  expect((await page.locator("iframe[title='Liar']").boundingBox())?.height).toBeLessThanOrEqual(2_002);
  await expect(page).toHaveURL(/automations\//);

  // A page that is right, and one that never ends: that is said, it is closed, and all the rest goes on working.
  const pages = page.getByRole("list", { name: "Pages of plugins" });
  await pages.getByRole("link", { name: "Sums" }).click();
  await expect(page.frameLocator("iframe[title='Sums']").locator("body")).toHaveText("basket");
  await pages.getByRole("link", { name: "Busy" }).click();
  await expect(page.getByText("This panel did not answer, and was closed.")).toBeVisible({ timeout: 40_000 });
  await expect(page.locator("iframe")).toHaveCount(0);
  await page.getByRole("button", { name: "Kill switch", exact: true }).click();
  await expect(page.getByRole("dialog", { name: "Kill switch" })).toBeVisible();
});
