/** What an event makes stale, read again: gathered, so that a grid's start is one request and not 210. */

import type { QueryClient } from "@tanstack/react-query";
import type { NodeEvent } from "./reader";

const SOON_MS = 250;
const LISTS_MS = 2_000;
/** An answer that takes longer is given up as far as what happened meanwhile has to wait for it. */
const PATIENCE_MS = 20_000;

export class Renewal {
  private changed = new Set<string>();
  private readonly ones = new Gathered(SOON_MS, 0, () => this.one());
  private readonly lists = new Gathered(SOON_MS, LISTS_MS, () => this.all());

  constructor(private readonly queries: Pick<QueryClient, "invalidateQueries">) {}

  everything(): void {
    void this.queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
  }

  after(event: NodeEvent): void {
    if (event.automation_id) this.changed.add(event.automation_id);
    this.ones.ask();
    this.lists.ask();
  }

  private one(): Promise<void> {
    const changed = this.changed;
    this.changed = new Set();
    return this.queries.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[0] === "automation" && changed.has(String(queryKey[1])),
    });
  }

  private all(): Promise<void> {
    return this.queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "lists" });
  }
}

/**
 * Something that is done soon after it was asked for, however often, and begun again only once it was answered. Where
 * events come faster than answers, a request that each of them began anew would never be answered, and what is on the
 * page would stay as it was for as long as they come.
 */
class Gathered {
  private asked = false;
  private waits = false;
  private begunAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly soon: number,
    private readonly apart: number,
    private readonly act: () => Promise<void>,
  ) {}

  ask(): void {
    this.asked = true;
    if (this.waits) return;
    this.waits = true;
    setTimeout(() => void this.run(), Math.max(this.soon, this.begunAt + this.apart - Date.now()));
  }

  private async run(): Promise<void> {
    this.asked = false;
    this.begunAt = Date.now();
    await Promise.race([this.act(), new Promise((late) => setTimeout(late, PATIENCE_MS))]);
    this.waits = false;
    if (this.asked) this.ask();
  }
}
