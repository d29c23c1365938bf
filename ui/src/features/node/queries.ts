import { queryOptions } from "@tanstack/react-query";
import { checkNode, listPlugins, listSettings } from "@/api/client/sdk.gen";

/** Every check runs, which takes a second: it is asked for when somebody looks, and when they ask for it. */
export const checksQuery = queryOptions({
  queryKey: ["node", "checks"],
  staleTime: 60_000,
  queryFn: async () => (await checkNode()).data,
});

export const pluginsQuery = queryOptions({
  queryKey: ["node", "plugins"],
  queryFn: async () => (await listPlugins()).data.plugins,
  refetchInterval: 60_000,
});

export const settingsQuery = queryOptions({
  queryKey: ["node", "settings"],
  queryFn: async () => (await listSettings()).data,
});
