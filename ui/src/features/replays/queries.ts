import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import {
  compareReplays,
  listCandleSets,
  listReplayFills,
  listReplays,
  readReplay,
  readReplayCurves,
  readReplayLog,
  readReplayReport,
} from "@/api/client/sdk.gen";
import type { ReplayDetail, ReplayRow } from "@/api/client/types.gen";

/** No event tells of replays: while one waits or runs, the list is looked at again. */
const BUSY_MS = 2_000;

export function isOver(replay: Pick<ReplayRow, "status">): boolean {
  return replay.status !== "queued" && replay.status !== "running";
}

export const replaysQuery = infiniteQueryOptions({
  queryKey: ["replays", "list"],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) =>
    (await listReplays({ query: { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } })).data,
  getNextPageParam: (page) => page.next_cursor,
  refetchInterval: ({ state }) =>
    state.data?.pages.some((page) => page.replays.some((each) => !isOver(each))) ? BUSY_MS : false,
});

/** A replay with the ETag that an edit must name. */
export interface LoadedReplay {
  replay: ReplayDetail;
  etag: string | null;
}

export function replayQuery(id: string) {
  return queryOptions({
    queryKey: ["replays", id],
    async queryFn(): Promise<LoadedReplay> {
      const { data, response } = await readReplay({ path: { replay: id } });
      return { replay: data, etag: response.headers.get("etag") };
    },
  });
}

export function reportQuery(id: string) {
  return queryOptions({
    queryKey: ["replays", id, "report"],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await readReplayReport({ path: { replay: id } })).data.report,
  });
}

export function curvesQuery(id: string, automation: string) {
  return queryOptions({
    queryKey: ["replays", id, "curves", automation],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () =>
      (await readReplayCurves({ path: { replay: id }, query: { automation, points: 1_000 } })).data.curves,
  });
}

export function replayFillsQuery(id: string, automation: string | null) {
  return infiniteQueryOptions({
    queryKey: ["replays", id, "fills", automation],
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await listReplayFills({
          path: { replay: id },
          query: { limit: 100, ...(automation ? { automation } : {}), ...(pageParam ? { cursor: pageParam } : {}) },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function replayLogQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["replays", id, "log"],
    staleTime: Number.POSITIVE_INFINITY,
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await readReplayLog({
          path: { replay: id },
          query: { limit: 200, ...(pageParam ? { cursor: pageParam } : {}) },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export function comparisonQuery(replays: string[]) {
  return queryOptions({
    queryKey: ["replays", "compare", replays],
    staleTime: Number.POSITIVE_INFINITY,
    enabled: replays.length > 1,
    queryFn: async () => (await compareReplays({ query: { replays, points: 600 } })).data,
  });
}

export const candleSetsQuery = queryOptions({
  queryKey: ["replays", "candle-sets"],
  queryFn: async () => (await listCandleSets({ query: { limit: 500 } })).data.candle_sets,
});
