import { queryOptions } from "@tanstack/react-query";
import { readAttention, readResultsOfDay, readTotals } from "@/api/client/sdk.gen";

function only(paper: boolean | undefined) {
  return paper === undefined ? {} : { paper };
}

/** Sums by quote asset, and how many there are of each status; prices move them without an event. */
export function totalsQuery(paper: boolean | undefined) {
  return queryOptions({
    queryKey: ["lists", "totals", paper ?? null],
    queryFn: async () => (await readTotals({ query: only(paper) })).data,
    refetchInterval: 15_000,
  });
}

/** What needs somebody, by cause. */
export const attentionQuery = queryOptions({
  queryKey: ["lists", "attention"],
  queryFn: async () => (await readAttention()).data,
  refetchInterval: 15_000,
});

/** How the day went: the ends of the distribution, and all of it in bins. */
export const resultsQuery = queryOptions({
  queryKey: ["lists", "results"],
  queryFn: async () => (await readResultsOfDay()).data,
  refetchInterval: 30_000,
});
