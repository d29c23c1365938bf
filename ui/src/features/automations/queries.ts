import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { listAutomations, listTypes } from "@/api/client/sdk.gen";
import type { AutomationRow } from "@/api/client/types.gen";

export interface Filter {
  status?: AutomationRow["status"];
  type?: string;
  account?: string;
}

const PAGE = 200;

/** The API narrows by several statuses at once. */
function asQuery({ status, ...others }: Filter) {
  return { ...others, ...(status ? { status: [status] } : {}) };
}

/** The list, page by page, as far as somebody scrolls. */
export function automationsQuery(filter: Filter) {
  return infiniteQueryOptions({
    queryKey: ["lists", "automations", filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      (
        await listAutomations({
          query: { ...asQuery(filter), limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) },
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor,
  });
}

/** The few that are shown whole; a node that has more than this is looked at by causes, not one by one. */
export const FEW = 8;

export const fewAutomationsQuery = queryOptions({
  queryKey: ["lists", "few-automations"],
  queryFn: async () => (await listAutomations({ query: { limit: FEW + 1 } })).data.automations,
});

export const typesQuery = queryOptions({
  queryKey: ["types"],
  staleTime: 600_000,
  queryFn: async () => (await listTypes()).data.types,
});
