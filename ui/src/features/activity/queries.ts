import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { listAudit, listEvents, listOwnAudit, verifyAudit } from "@/api/client/sdk.gen";
import type { AuditVerified } from "@/api/client/types.gen";
import type { NodeEvent } from "@/live/reader";
import { said } from "./sentences";

const PAGE = 200;

interface EventPage {
  events: NodeEvent[];
  first: number | null;
}

async function page(before: number | null, limit: number): Promise<EventPage> {
  const { data } = await listEvents({ query: { limit, ...(before ? { before } : {}) } });
  const events = (data.events as NodeEvent[]).filter((event) => said(event) !== null);
  return { events: events.reverse(), first: data.first ?? null };
}

/** What happened, newest first, in as many steps as somebody asks for. */
export const activityQuery = infiniteQueryOptions({
  queryKey: ["lists", "activity"],
  initialPageParam: null as number | null,
  queryFn: ({ pageParam }) => page(pageParam, PAGE),
  getNextPageParam: (last) => last.first,
});

/** The newest few, beside the automations. */
export const newestActivityQuery = queryOptions({
  queryKey: ["lists", "newest-activity"],
  queryFn: async () => (await page(null, PAGE)).events.slice(0, 14),
});

export interface AuditFilter {
  actor?: string;
  action?: string;
  since?: string;
  until?: string;
}

/** Who did what, newest first; traders see what is about their own. */
export function auditQuery(filter: AuditFilter, everybody: boolean) {
  const asked = {
    ...(filter.actor ? { actor: filter.actor } : {}),
    ...(filter.action ? { action: filter.action } : {}),
    ...(filter.since ? { since: `${filter.since}T00:00:00Z` } : {}),
    ...(filter.until ? { until: dayAfter(filter.until) } : {}),
  };
  return infiniteQueryOptions({
    queryKey: ["lists", "audit", everybody, asked],
    initialPageParam: null as number | null,
    queryFn: async ({ pageParam }) => {
      const query = { limit: 100, ...asked, ...(pageParam ? { cursor: pageParam } : {}) };
      return (await (everybody ? listAudit({ query }) : listOwnAudit({ query }))).data;
    },
    getNextPageParam: (last) => last.next_cursor,
  });
}

/** A day that somebody chose is meant with all of it. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().replace(".000Z", "Z");
}

/** Look at every entry, in as many steps as there are; each goes on where the one before ended. */
export async function verifyAll(tell: (verified: number) => void) {
  let since: string | null = null;
  let verified = 0;
  for (;;) {
    const { data }: { data: AuditVerified } = await verifyAudit({ query: since ? { since } : {} });
    verified += data.verified;
    tell(verified);
    if (!data.holds || !data.more) return { ...data, verified };
    since = data.anchor;
  }
}
