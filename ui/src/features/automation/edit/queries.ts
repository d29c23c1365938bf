import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { planAutomation } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import type { Planned } from "@/features/new/plan";
import type { Config } from "./editing";

/** What its next tick would do after these changes, from where it stands; or what the node says against them. */
export function planEditQuery(id: string, changes: Config, ready: boolean) {
  return queryOptions({
    queryKey: ["plan-edit", id, changes],
    enabled: ready,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    gcTime: 30_000,
    async queryFn(): Promise<Planned> {
      try {
        return { tick: (await planAutomation({ path: { automation: id }, body: { changes } })).data, problem: null };
      } catch (error) {
        if (isProblem(error, "invalid") || isProblem(error, "conflict")) return { tick: null, problem: error };
        throw error;
      }
    },
  });
}
