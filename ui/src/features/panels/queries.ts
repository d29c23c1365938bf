import { queryOptions } from "@tanstack/react-query";
import { listPanels } from "@/api/client/sdk.gen";

/** What plugins bring; it changes with a start of the node alone. */
export const panelsQuery = queryOptions({
  queryKey: ["panels"],
  staleTime: 600_000,
  queryFn: async () => (await listPanels()).data.panels,
});
