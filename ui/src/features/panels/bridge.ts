/**
 * What dashboard and panel say to each other, version 1; docs/hooks/register_panels.md is the contract. A panel is whoever wrote it: what
 * it says is looked at, counted and bounded, and nothing that it says is done but what is listed here.
 */

export const BRIDGE = 1;

/** What a panel may ask for, each with what it says of it. */
export const ASKED = ["automation", "automations", "fills", "course", "candles"] as const;
export type Asked = (typeof ASKED)[number];

export type Said =
  | { say: "ready" }
  | { say: "pong" }
  | { say: "size"; height: number }
  | { say: "ask"; id: number; what: Asked; given: Record<string, unknown> }
  | { say: "go"; automation: string | null };

const LOWEST = 80;
const HIGHEST = 2_000;

/** What a message says, or null for one that is not of this bridge. */
export function read(data: unknown): Said | null {
  if (!isObject(data) || data["octobot"] !== BRIDGE) return null;
  switch (data["say"]) {
    case "ready":
    case "pong":
      return { say: data["say"] };
    case "size": {
      const height = data["height"];
      if (typeof height !== "number" || !Number.isFinite(height)) return null;
      return { say: "size", height: Math.round(Math.min(HIGHEST, Math.max(LOWEST, height))) };
    }
    case "ask": {
      const { id, what, given } = data;
      const known = ASKED.find((each) => each === what);
      if (!Number.isSafeInteger(id) || !known) return null;
      return { say: "ask", id: Number(id), what: known, given: isObject(given) ? given : {} };
    }
    case "go": {
      const to = data["automation"];
      if (to !== null && (typeof to !== "string" || !/^[0-9a-f-]{1,36}$/.test(to))) return null;
      return { say: "go", automation: to };
    }
    default:
      return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

const AT_ONCE = 4;
const A_MINUTE = 120;

/** How much a panel may ask: what is more is refused, and costs the node nothing. */
export class Allowance {
  private running = 0;
  private asked: number[] = [];

  take(now: number): boolean {
    this.asked = this.asked.filter((at) => now - at < 60_000);
    if (this.running >= AT_ONCE || this.asked.length >= A_MINUTE) return false;
    this.running += 1;
    this.asked.push(now);
    return true;
  }

  give(): void {
    this.running -= 1;
  }
}
