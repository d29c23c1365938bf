import { queryOptions } from "@tanstack/react-query";
import { listOwnSessions } from "@/api/client/sdk.gen";

/** The newest that may be used: there are fifty at most. */
export const ownSessionsQuery = queryOptions({
  queryKey: ["own-sessions"],
  queryFn: async () => (await listOwnSessions({ query: { limit: 100 } })).data.sessions,
});
