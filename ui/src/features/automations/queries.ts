import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { listAutomations, listTypes, readSparklines } from "@/api/client/sdk.gen";
import type { AutomationRow, ListAutomationsData } from "@/api/client/types.gen";

export type Sort = NonNullable<NonNullable<ListAutomationsData["query"]>["sort"]>;

export interface Filter {
  status?: ReadonlyArray<AutomationRow["status"]>;
  type?: string;
  account?: string;
  search?: string;
  paper?: boolean;
}

export interface Order {
  sort?: Sort;
  descending?: boolean;
}

function asked({ status, ...filter }: Filter) {
  return { ...filter, ...(status ? { status: [...status] } : {}) };
}

/** As many rows as lie between two anchors: a page of the list, wherever somebody jumps to. */
export const PAGE = 500;

/** How many fit, and where each page of them begins. */
export function anchorsQuery(filter: Filter, order: Order) {
  return queryOptions({
    queryKey: ["lists", "automations", filter, order, "anchors"],
    placeholderData: keepPreviousData,
    async queryFn() {
      const { data } = await listAutomations({ query: { ...asked(filter), ...order, limit: 1, anchors: true } });
      return { total: data.total, anchors: data.anchors ?? [] };
    },
  });
}

/** One page of the list: the first, or the one behind an anchor. */
export function rowsQuery(filter: Filter, order: Order, anchor: string | null) {
  return queryOptions({
    queryKey: ["lists", "automations", filter, order, "rows", anchor],
    // Until another filter is answered the rows before it stay; those of another place would be told as if of this one.
    placeholderData: (before: AutomationRow[] | undefined, of) => (of?.queryKey[5] === anchor ? before : undefined),
    queryFn: async () =>
      (
        await listAutomations({
          query: { ...asked(filter), ...order, limit: PAGE, ...(anchor ? { cursor: anchor } : {}) },
        })
      ).data.automations,
  });
}

/** The few that are shown whole; a node that has more than this is looked at by causes, not one by one. */
export const FEW = 8;

export function fewAutomationsQuery(paper?: boolean) {
  return queryOptions({
    queryKey: ["lists", "few-automations", paper ?? null],
    queryFn: async () =>
      (await listAutomations({ query: { limit: FEW + 1, ...(paper === undefined ? {} : { paper }) } })).data,
  });
}

export const typesQuery = queryOptions({
  queryKey: ["types"],
  staleTime: 600_000,
  queryFn: async () => (await listTypes()).data.types,
});

const DAYS = 7;

/** The last days of a few rows, in one request; what is drawn small need not be the newest. */
export function sparklinesQuery(ids: readonly string[]) {
  return queryOptions({
    queryKey: ["sparklines", ids],
    enabled: ids.length > 0,
    staleTime: 300_000,
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const { data } = await readSparklines({ body: { ids: [...ids], days: DAYS, points: 24 } });
      return new Map(data.rows.map((row) => [row.automation_id, row.equity]));
    },
  });
}
