import { queryOptions } from "@tanstack/react-query";
import { listConfigs, readConfig } from "@/api/client/sdk.gen";

/** The configs that an automation had, newest first: a hundred are kept, so all at once. */
export function configsQuery(id: string) {
  return queryOptions({
    queryKey: ["automation", id, "configs"],
    queryFn: async () => (await listConfigs({ path: { automation: id }, query: { limit: 100 } })).data,
  });
}

/** One of them, with what makes it differ from another: from the one before it where none is named. */
export function configQuery(id: string, number: number, against: number | null) {
  return queryOptions({
    queryKey: ["automation", id, "config", number, against],
    queryFn: async () =>
      (await readConfig({ path: { automation: id, number }, query: against === null ? {} : { against } })).data,
  });
}
