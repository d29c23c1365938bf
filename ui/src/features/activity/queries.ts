import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { listAudit, listEvents } from "@/api/client/sdk.gen";
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

/** Who did what, newest first; traders see what is about their own. */
export const auditQuery = infiniteQueryOptions({
  queryKey: ["lists", "audit"],
  initialPageParam: null as number | null,
  queryFn: async ({ pageParam }) =>
    (await listAudit({ query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } })).data,
  getNextPageParam: (last) => last.next_cursor,
});
