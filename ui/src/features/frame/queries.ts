import { queryOptions } from "@tanstack/react-query";
import { listAccounts, listNodes, readNode } from "@/api/client/sdk.gen";
import type { AccountRow } from "@/api/client/types.gen";

/** How many automations there are by status, and whether anything may be sent. */
export const nodeQuery = queryOptions({
  queryKey: ["lists", "node"],
  queryFn: async () => (await readNode()).data,
});

export const nodesQuery = queryOptions({
  queryKey: ["lists", "nodes"],
  queryFn: async () => (await listNodes()).data.nodes,
  refetchInterval: 30_000,
});

/** Every account that one sees; there are few, so all pages of them at once. */
export const accountsQuery = queryOptions({
  queryKey: ["lists", "accounts"],
  async queryFn(): Promise<AccountRow[]> {
    const found: AccountRow[] = [];
    let cursor: string | null | undefined;
    do {
      const { data } = await listAccounts({ query: { limit: 500, ...(cursor ? { cursor } : {}) } });
      found.push(...data.accounts);
      cursor = data.next_cursor;
    } while (cursor);
    return found;
  },
});
