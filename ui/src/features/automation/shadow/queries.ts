import { queryOptions } from "@tanstack/react-query";
import { showShadow } from "@/api/client/sdk.gen";

/** How it differs from its shadow; its newest pairs. */
export function shadowQuery(id: string, orders = 50) {
  return queryOptions({
    queryKey: ["automation", id, "shadow", orders],
    queryFn: async () => (await showShadow({ path: { automation: id }, query: { orders } })).data,
    // Paper fills by prices, which tell no event.
    refetchInterval: 15_000,
  });
}
