/** One command for many: looked at first, then done, five thousand at a time, so that any number can be followed. */

import { commandManyAutomations } from "@/api/client/sdk.gen";
import type { BulkAutomations, BulkResult } from "@/api/client/types.gen";
import type { Filter } from "./queries";

export type Command = BulkAutomations["command"];

/** Those that were marked, or all that fit what is looked for. */
export type Chosen = { ids: readonly string[] } | { filter: Filter };

export interface Course {
  /** How many were looked at or done so far, and how many there are. */
  looked: number;
  total: number;
  done: number;
  /** Why others were not, and how many for it; the most frequent first. */
  reasons: Array<{ reason: string; count: number }>;
  finished: boolean;
}

export const NOTHING: Course = { looked: 0, total: 0, done: 0, reasons: [], finished: false };
const AT_ONCE = 5_000;

export function bodyOf(command: Command, chosen: Chosen, dry: boolean, cursor: string | null): BulkAutomations {
  const rest = { command, dry_run: dry, limit: AT_ONCE, ...(cursor ? { cursor } : {}) };
  if ("ids" in chosen) return { ...rest, ids: [...chosen.ids] };
  const { status, ...filter } = chosen.filter;
  const given = { ...filter, ...(status ? { status: [...status] } : {}) };
  return Object.keys(given).length === 0 ? { ...rest, everything: true } : { ...rest, ...given };
}

/** What is known with one answer more. */
export function withAnswer(so: Course, answer: BulkResult): Course {
  const counts = new Map(so.reasons.map(({ reason, count }) => [reason, count]));
  for (const { reason, count } of answer.reasons) counts.set(reason, (counts.get(reason) ?? 0) + count);
  return {
    looked: so.looked + answer.done.length + answer.refused.length,
    total: Math.max(so.total, answer.total),
    done: so.done + answer.done.length,
    reasons: [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
    finished: answer.next_cursor === null,
  };
}

/** Go through all of them, and tell how far it is; what is stopped between two answers stays as far as it got. */
export async function goThrough(
  command: Command,
  chosen: Chosen,
  dry: boolean,
  tell: (course: Course) => void,
  stopped: AbortSignal,
): Promise<Course> {
  let course = NOTHING;
  let cursor: string | null = null;
  do {
    const body = bodyOf(command, chosen, dry, cursor);
    const { data }: { data: BulkResult } = await commandManyAutomations({ body });
    course = withAnswer(course, data);
    cursor = data.next_cursor;
    tell(course);
  } while (cursor !== null && !stopped.aborted);
  return course;
}
