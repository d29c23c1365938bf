import { createFileRoute } from "@tanstack/react-router";
import { ActivityPage, type ActivitySearch } from "@/features/activity/ActivityPage";

function text(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}

function searched(given: Record<string, unknown>): ActivitySearch {
  if (given["show"] !== "audit") return {};
  const actor = text(given["actor"], /^.{1,128}$/);
  const action = text(given["action"], /^[a-z_.]{1,128}$/);
  const since = text(given["since"], /^\d{4}-\d\d-\d\d$/);
  const until = text(given["until"], /^\d{4}-\d\d-\d\d$/);
  return {
    show: "audit",
    ...(actor ? { actor } : {}),
    ...(action ? { action } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}

export const Route = createFileRoute("/_app/activity")({
  validateSearch: searched,
  component: Page,
});

function Page() {
  return <ActivityPage search={searched({ ...Route.useSearch() })} />;
}
