import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { readAttention, readLag, readResultsOfDay, readTotalCourse, readTotals } from "@/api/client/sdk.gen";

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

/** What all of them were worth together, by asset, and what they had been given until then. */
export function totalCourseQuery(paper: boolean | undefined, days: number | null) {
  return queryOptions({
    queryKey: ["total-course", paper ?? null, days],
    queryFn: async () =>
      (
        await readTotalCourse({
          query: { ...only(paper), points: 400, ...(days === null ? {} : { since: daysAgo(days) }) },
        })
      ).data.courses,
    refetchInterval: 60_000,
    placeholderData: keepPreviousData,
  });
}

function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString();
}

/** Results of today by type, all in the caller's currency where a rate is known. */
export function byTypeQuery(paper: boolean | undefined) {
  return queryOptions({
    queryKey: ["lists", "totals-by-type", paper ?? null],
    queryFn: async () => (await readTotals({ query: { ...only(paper), by: ["type"] } })).data,
    refetchInterval: 60_000,
  });
}

/** How late ticks were, minute by minute. */
export const lagQuery = queryOptions({
  queryKey: ["lists", "lag"],
  queryFn: async () => (await readLag()).data,
  refetchInterval: 30_000,
});

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
