import { createFileRoute } from "@tanstack/react-router";
import type { AutomationRow } from "@/api/client/types.gen";
import { AutomationsPage } from "@/features/automations/AutomationsPage";
import { automationsQuery, type Filter } from "@/features/automations/queries";

const STATUSES = new Set<string>([
  "active",
  "waiting",
  "paused",
  "stopping",
  "completing",
  "stopped",
  "completed",
  "failed",
  "held",
] satisfies AutomationRow["status"][]);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 128 ? value : undefined;
}

export const Route = createFileRoute("/_app/automations/")({
  validateSearch: (search: Record<string, unknown>): Filter => {
    const status = text(search["status"]);
    const type = text(search["type"]);
    const account = text(search["account"]);
    return {
      ...(status && STATUSES.has(status) ? { status: status as AutomationRow["status"] } : {}),
      ...(type ? { type } : {}),
      ...(account ? { account } : {}),
    };
  },
  loaderDeps: ({ search }) => search,
  loader: ({ context, deps }) => void context.queries.prefetchInfiniteQuery(automationsQuery(deps)),
  component: Page,
});

function Page() {
  return <AutomationsPage filter={Route.useSearch()} />;
}
