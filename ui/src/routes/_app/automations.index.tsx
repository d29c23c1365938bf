import { createFileRoute } from "@tanstack/react-router";
import type { AutomationRow } from "@/api/client/types.gen";
import { AutomationsPage, type Search } from "@/features/automations/AutomationsPage";
import type { Sort } from "@/features/automations/queries";

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
const SORTS = new Set<string>([
  "name",
  "since",
  "type",
  "symbol",
  "account",
  "equity",
  "pnl",
  "today",
  "next_run",
] satisfies Sort[]);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 128 ? value : undefined;
}

export const Route = createFileRoute("/_app/automations/")({
  validateSearch: (given: Record<string, unknown>): Search => {
    const status = text(given["status"]);
    const type = text(given["type"]);
    const account = text(given["account"]);
    const search = text(String(given["search"] ?? ""));
    const sort = text(given["sort"]);
    return {
      ...(status && STATUSES.has(status) ? { status: status as AutomationRow["status"] } : {}),
      ...(type ? { type } : {}),
      ...(account ? { account } : {}),
      ...(search ? { search } : {}),
      ...(sort && SORTS.has(sort) ? { sort: sort as Sort } : {}),
      ...(given["descending"] === true ? { descending: true } : {}),
    };
  },
  component: Page,
});

function Page() {
  return <AutomationsPage search={Route.useSearch()} />;
}
