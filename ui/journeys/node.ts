/** A real node with the built dashboard, on a folder of its own, for as long as a file of journeys lasts. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base, type Page } from "@playwright/test";

export const PASSWORD = "correct horse battery";
const ROOT = resolve(import.meta.dirname, "../..");
const COMMAND = join(ROOT, ".venv/bin/octobot-node");
const PYTHON = join(ROOT, ".venv/bin/python");
const STARTED = /site_started.*?url=(?<url>http:\/\/\S+)/;
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, "g");

export class Node {
  url = "";
  private process: ChildProcess | null = null;
  readonly folder = mkdtempSync(join(tmpdir(), "octobot-journey-"));

  /** `settings` are variables of the environment, `plugins` files of its folder for them. */
  constructor(
    private readonly settings: Record<string, string> = {},
    plugins: Record<string, string> = {},
  ) {
    mkdirSync(join(this.folder, "plugins"));
    for (const [name, text] of Object.entries(plugins)) writeFileSync(join(this.folder, "plugins", name), text);
  }

  /** Let it have so many automations, which wait, and thrice as many events of the past. */
  fill(automations: number): void {
    const wanted = ["--automations", String(automations), "--events", String(3 * automations)];
    execFileSync(PYTHON, ["-m", "benchmarks._fleet", "fill", this.folder, ...wanted], { cwd: ROOT, stdio: "ignore" });
  }

  /** Let so many events a second happen for so long; resolves with how many there were. */
  push(rate: number, seconds: number): Promise<number> {
    const wanted = ["--rate", String(rate), "--seconds", String(seconds)];
    const pushing = spawn(PYTHON, ["-m", "benchmarks._fleet", "push", this.folder, ...wanted], { cwd: ROOT });
    let [said, wrong] = ["", ""];
    pushing.stdout.on("data", (piece: Buffer) => {
      said += piece.toString();
    });
    pushing.stderr.on("data", (piece: Buffer) => {
      wrong += piece.toString();
    });
    return new Promise((done, failed) => {
      pushing.on("close", (code) =>
        code === 0 ? done(Number(said)) : failed(new Error(`nothing was pushed: ${wrong}`)),
      );
    });
  }

  async start(): Promise<void> {
    // The second time at the same address: browsers come back to it.
    const port = this.url ? new URL(this.url).port : "0";
    const environment = {
      ...process.env,
      OCTOBOT_API_PORT: "0",
      OCTOBOT_DASHBOARD_PORT: port,
      OCTOBOT_ADMIN_PASSWORD: PASSWORD,
      OCTOBOT_DISK_RESERVE_MB: "0",
      ...this.settings,
    };
    const started = spawn(COMMAND, ["start", "--data-dir", this.folder], {
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.process = started;
    this.url = await new Promise((found, failed) => {
      let said = "";
      started.stderr?.on("data", (piece: Buffer) => {
        said += piece.toString().replace(COLOURS, "");
        const url = STARTED.exec(said)?.groups?.["url"];
        if (url && said.includes("node_started")) found(url);
      });
      started.on("exit", (code) => failed(new Error(`the node ended with ${code}:\n${said}`)));
    });
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const ending = this.process;
    this.process = null;
    if (!ending || ending.exitCode !== null) return;
    ending.removeAllListeners("exit");
    const ended = new Promise((done) => ending.once("exit", done));
    ending.kill(signal);
    await ended;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface Shared {
  /** Which file it is for: a worker takes file after file, and with another name a worker and a node of its own begin. */
  of: string;
  settings: Record<string, string>;
  plugins: Record<string, string>;
  /** How many automations it has from the first: for what is looked at with many. */
  fleet: number;
  node: Node;
}

export const test = base.extend<{ quiet: undefined }, Shared>({
  of: ["", { option: true, scope: "worker" }],
  settings: [{}, { option: true, scope: "worker" }],
  plugins: [{}, { option: true, scope: "worker" }],
  fleet: [0, { option: true, scope: "worker" }],
  node: [
    async ({ settings, plugins, fleet }, use) => {
      const node = new Node(settings, plugins);
      if (fleet > 0) node.fill(fleet);
      await node.start();
      await use(node);
      await node.end();
    },
    // Filling a folder with many takes a minute or two.
    { scope: "worker", timeout: 900_000 },
  ],
  baseURL: async ({ node }, use) => use(node.url),
  /** Nothing leaves the node's origin, nothing is refused by its policy, nothing breaks unseen. */
  quiet: [
    async ({ page, node }, use) => {
      const wrong: string[] = [];
      page.on("request", (request) => {
        if (!request.url().startsWith(node.url) && !request.url().startsWith("data:"))
          wrong.push(`asked ${request.url()}`);
      });
      page.on("pageerror", (error) => wrong.push(`raised ${error.stack ?? error.message}`));
      page.on("console", (message) => {
        // What a panel of somebody else's tries is refused: that is what its policy is for.
        if (message.location().url.includes("/panels/")) return;
        if (/Content.Security.Policy|Refused to/i.test(message.text())) wrong.push(message.text());
      });
      await use(undefined);
      if (wrong.length > 0) throw new Error(`the page did what it must not:\n${wrong.join("\n")}`);
    },
    { auto: true },
  ],
});

export { expect } from "@playwright/test";

export async function signIn(page: Page, user = "admin", password = PASSWORD): Promise<void> {
  await page.goto("/");
  await page.getByLabel("Name").fill(user);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("navigation", { name: "Main", exact: true })
    .or(page.getByRole("navigation", { name: "Main, phone" }))
    .first()
    .waitFor();
}

/** Ask the API as the page's user: for what the dashboard is not what is looked at. */
export async function api(
  page: Page,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  return page.evaluate(
    async ([method, path, body]) => {
      const session = await (await fetch("/api/v1/session")).json();
      const response = await fetch(`/api/v1${path}`, {
        method: method as string,
        headers: { "Content-Type": "application/json", "X-CSRF-Token": session.csrf_token ?? "" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body] as const,
  );
}
