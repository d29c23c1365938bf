import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { listHooks, listSignals } from "@/api/client/sdk.gen";
import type { HookRow } from "@/api/client/types.gen";

/** What came to its inbox, newest first. */
export function signalsQuery(id: string) {
  return infiniteQueryOptions({
    queryKey: ["automation", id, "signals"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await listSignals({
          path: { automation: id },
          query: { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** The addresses that send to it; an owner has 200 at most. */
export function hooksQuery(id: string) {
  return queryOptions({
    queryKey: ["automation", id, "hooks"],
    async queryFn(): Promise<HookRow[]> {
      const found: HookRow[] = [];
      let cursor: string | null | undefined;
      do {
        const { data } = await listHooks({ query: { automation: id, limit: 200, ...(cursor ? { cursor } : {}) } });
        found.push(...data.hooks);
        cursor = data.next_cursor;
      } while (cursor);
      return found;
    },
  });
}
