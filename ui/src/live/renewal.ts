/** What an event makes stale, read again: gathered, so that a grid's start is one request and not 210. */

import type { QueryClient } from "@tanstack/react-query";
import { Gathered } from "./gathered";
import type { NodeEvent } from "./reader";

const SOON_MS = 250;
const LISTS_MS = 2_000;

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
