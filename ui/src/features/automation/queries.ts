import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import {
  listFills,
  listOrders,
  listPostings,
  readAutomation,
  readAutomationLog,
  readCandles,
  readCourse,
  readTicker,
} from "@/api/client/sdk.gen";
import type { AutomationDetail as Told } from "@/api/client/types.gen";
import type { Level } from "./search";

/** What of an automation is told where it is asked for: its page shows its orders and what it came to. */
const INCLUDE = ["orders", "report"] as const;

export type AutomationDetail = Told & { [Part in (typeof INCLUDE)[number]]: NonNullable<Told[Part]> };

/** An automation with the ETag that an edit must name. */
export interface Loaded {
  detail: AutomationDetail;
  etag: string | null;
}

export function automationQuery(id: string) {
  return queryOptions({
    queryKey: ["automation", id],
    async queryFn(): Promise<Loaded> {
      const { data, response } = await readAutomation({ path: { automation: id }, query: { include: [...INCLUDE] } });
      return { detail: data as AutomationDetail, etag: response.headers.get("etag") };
    },
    // Prices move what it is worth, and tell no event.
    refetchInterval: 15_000,
  });
}

export const CANDLES = 300;

export function candlesQuery(account: string, symbol: string, timeframe: string, count = CANDLES) {
  return queryOptions({
    queryKey: ["candles", account, symbol, timeframe, count],
    queryFn: async () => (await readCandles({ query: { account, symbol, timeframe, count, forming: true } })).data,
    refetchInterval: 20_000,
    placeholderData: keepPreviousData,
  });
}

export function tickerQuery(account: string, symbol: string) {
  return queryOptions({
    queryKey: ["ticker", account, symbol],
    queryFn: async () => (await readTicker({ query: { account, symbol } })).data,
    refetchInterval: 3_000,
  });
}

/** What it ordered last, and what became of that; null where it never ordered anything. */
export function newestOrderQuery(id: string) {
  return queryOptions({
    queryKey: ["automation", id, "newest-order"],
    queryFn: async () => (await listOrders({ query: { automation: id, limit: 1 } })).data.orders[0] ?? null,
  });
}

/** The newest fills, for the chart and for the overview. */
export function newestFillsQuery(id: string, limit = 500) {
  return queryOptions({
    queryKey: ["automation", id, "newest-fills", limit],
    queryFn: async () => (await listFills({ query: { automation: id, limit } })).data.fills,
  });
}

export function fillsQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["automation", id, "fills"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (await listFills({ query: { automation: id, limit: 50, ...(pageParam ? { cursor: pageParam } : {}) } })).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function postingsQuery(id: string, asset: string | null) {
  return infiniteQueryOptions({
    queryKey: ["automation", id, "postings", asset],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await listPostings({
          path: { automation: id },
          query: { limit: 50, ...(asset ? { asset } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** Lines of at least a level that have some words in them; what is looked for may be on a later page. */
export function logQuery(id: string, level: Level | null, words: string) {
  return infiniteQueryOptions({
    // Not under what each event makes stale: all pages that were read would be read again.
    queryKey: ["log", id, level, words],
    placeholderData: keepPreviousData,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await readAutomationLog({
          path: { automation: id },
          query: {
            limit: 200,
            ...(level ? { level } : {}),
            ...(words ? { search: words } : {}),
            ...(pageParam ? { cursor: pageParam } : {}),
          },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** What it was worth, marked to market, and beside each point what buying and holding would have been. */
export function courseQuery(id: string) {
  return queryOptions({
    queryKey: ["automation", id, "course"],
    queryFn: async () => (await readCourse({ path: { automation: id }, query: { points: 1_000 } })).data,
    refetchInterval: 60_000,
    staleTime: 15_000,
  });
}
