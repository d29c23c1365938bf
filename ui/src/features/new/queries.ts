import { queryOptions } from "@tanstack/react-query";
import { listSymbols, readType } from "@/api/client/sdk.gen";

export function typeQuery(type: string) {
  return queryOptions({
    queryKey: ["type", type],
    staleTime: 600_000,
    queryFn: async () => (await readType({ path: { type } })).data,
  });
}

/** Markets of an account that have what is typed in their name. */
export function symbolsQuery(account: string, search: string) {
  return queryOptions({
    queryKey: ["symbols", account, search],
    staleTime: 300_000,
    enabled: account !== "",
    queryFn: async () => (await listSymbols({ query: { account, search, limit: 20 } })).data.symbols,
  });
}
