import { queryOptions } from "@tanstack/react-query";
import {
  listEgress,
  listExchanges,
  listOrders,
  listSources,
  readAccount,
  readAccountMoney,
  readTotals,
} from "@/api/client/sdk.gen";
import type { AccountDetail, TotalRow } from "@/api/client/types.gen";
import { sign } from "@/text/decimal";

/** An account with the ETag that an edit must name. */
export interface LoadedAccount {
  account: AccountDetail;
  etag: string | null;
}

export function accountQuery(id: string) {
  return queryOptions({
    queryKey: ["lists", "account", id],
    async queryFn(): Promise<LoadedAccount> {
      const { data, response } = await readAccount({ path: { account: id } });
      return { account: data, etag: response.headers.get("etag") };
    },
  });
}

/** What the automations of each account came to, by asset; prices move it without an event. */
export const accountTotalsQuery = queryOptions({
  queryKey: ["lists", "totals", "by-account"],
  queryFn: async () => (await readTotals({ query: { by: ["account"] } })).data,
  refetchInterval: 15_000,
});

/** Those of an account, without assets in which nothing was given, held or won. */
export function totalsOf(rows: readonly TotalRow[] | undefined, account: string): TotalRow[] {
  return (rows ?? []).filter(
    (each) =>
      each.account_id === account &&
      (each.unpriced.length > 0 || [each.equity, each.start_equity, each.realised].some((sum) => sign(sum) !== 0)),
  );
}

export const exchangesQuery = queryOptions({
  queryKey: ["exchanges"],
  staleTime: 600_000,
  queryFn: async () => (await listExchanges()).data.exchanges,
});

export const sourcesQuery = queryOptions({
  queryKey: ["sources"],
  staleTime: 600_000,
  queryFn: async () => (await listSources()).data.sources.filter((each) => !each.replay),
});

/** What there is at its exchange, what of it automations have, and what is left: the exchange is asked for it. */
export function accountMoneyQuery(id: string) {
  return queryOptions({
    queryKey: ["lists", "account", id, "money"],
    staleTime: 60_000,
    queryFn: async () => (await readAccountMoney({ path: { account: id } })).data,
  });
}

/** The ways out of this machine that an account may name. */
export const routesQuery = queryOptions({
  queryKey: ["egress"],
  staleTime: 60_000,
  queryFn: async () => (await listEgress()).data.routes,
});

/** There are few, or somebody has more to do than to read a list. */
export const unknownOrdersQuery = queryOptions({
  queryKey: ["lists", "orders", "unknown"],
  queryFn: async () => (await listOrders({ query: { status: "unknown", limit: 500 } })).data.orders,
});
