/** Nodes and what they provide, in words. */

import type { NodeRow, PluginDifference, PluginRow } from "@/api/client/types.gen";
import type { Mark } from "@/parts/Icon";
import * as format from "@/text/format";

interface Said {
  mark: Mark;
  dress: "" | "bad" | "warn" | "unk";
  text: string;
  cure: string;
}

export function stateOf(node: NodeRow): Said {
  switch (node.state) {
    case "live":
      return { mark: "active", dress: "", text: "Serves", cure: "" };
    case "draining":
      return { mark: "stopping", dress: "", text: "Drains: finishes, and leaves", cure: "" };
    case "drift":
      return {
        mark: "held",
        dress: "bad",
        text: "Drifts: gets no new work",
        cure: "It differs from the one that leads: install the same there, then start it again.",
      };
    case "dead":
      return {
        mark: "unknown",
        dress: "unk",
        text: "Silent: not known",
        cure: "Its work goes to others by itself once its lease is over. Look at its machine: does it run, and does it reach the database?",
      };
    case "left":
      return { mark: "stopped", dress: "", text: "Has left", cure: "" };
  }
}

/** In what a node differs from the one that leads, and so what to do there. */
export function differs({ name, version, expected }: PluginDifference): string {
  if (version === null) return `${name} is not there: install ${expected || "it"}`;
  const there = version ? `${name} ${version}` : name;
  if (expected === null) return `${there} is there alone: remove it, or install it on the one that leads`;
  return `${name} is ${version || "without a version"} there, and ${expected || "without a version"} on the one that leads`;
}

/** What tells a node from the others: its machine, and where several run on one, the beginning of its id, too. */
export function nameOf(node: NodeRow, nodes: readonly NodeRow[]): string {
  const short = node.id.slice(0, 8);
  if (!node.host) return short;
  const alone = nodes.every((each) => each.id === node.id || each.host !== node.host || each.state === "left");
  return alone && node.state !== "left" ? node.host : `${node.host} ${short}`;
}

export function roleOf(node: NodeRow): string {
  const roles: Record<NodeRow["role"], string> = {
    standalone: "Alone",
    master: "Master",
    consumer: "Consumer",
  };
  return node.leads && node.role !== "standalone" ? `${roles[node.role]}, leads` : roles[node.role];
}

/** One sentence for all of them: how many there are, and what is wrong. */
export function summary(nodes: readonly NodeRow[]): string {
  const there = nodes.filter((each) => each.state !== "left");
  const count = (role: NodeRow["role"]) => there.filter((each) => each.role === role).length;
  const [masters, consumers] = [count("master"), count("consumer")];
  if (masters + consumers === 0) return "One node, which does everything itself.";
  const said = `${number(masters, "master")} and ${number(consumers, "consumer")} on one database.`;
  return said.charAt(0).toUpperCase() + said.slice(1);
}

const WORDS = ["no", "one", "two", "three", "four", "five", "six"];

function number(count: number, what: string): string {
  return `${WORDS[count] ?? format.count(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** What a plugin adds, by what people call it rather than by its hook. */
const PROVIDES: Record<string, string> = {
  register_automations: "Automation types",
  register_market_data: "Prices",
  register_trading: "Exchanges",
  register_api_routers: "API",
  register_services: "Services",
  register_settings: "Settings",
  register_operations: "Operations",
  register_notifiers: "Notifications",
  register_actions: "Actions",
  register_order_rules: "Order rules",
  register_health_checks: "Health checks",
  register_panels: "Panels",
};

export function provides(plugin: PluginRow): Array<{ what: string; names: readonly string[] }> {
  const found = Object.entries(plugin.registers)
    .filter(([, names]) => names.length > 0)
    .map(([hook, names]) => ({ what: PROVIDES[hook] ?? words(hook), names }));
  return plugin.commands.length > 0 ? [...found, { what: "Commands", names: plugin.commands }] : found;
}

function words(hook: string): string {
  const text = hook.replace(/^register_/, "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Those of others first, and those that are wrong before all. */
export function inOrder(plugins: readonly PluginRow[]): PluginRow[] {
  return [...plugins].sort(
    (a, b) =>
      Number(isWrong(b)) - Number(isWrong(a)) ||
      Number(a.origin === "built-in") - Number(b.origin === "built-in") ||
      a.name.localeCompare(b.name),
  );
}

export function isWrong(plugin: PluginRow): boolean {
  return (
    plugin.status === "broken" ||
    plugin.left_out.length > 0 ||
    plugin.troubles.length > 0 ||
    plugin.services.some((each) => each.status === "abandoned" || each.error !== "")
  );
}
