import { createFileRoute } from "@tanstack/react-router";
import { ActivityPage } from "@/features/activity/ActivityPage";

export const Route = createFileRoute("/_app/activity")({
  validateSearch: (search: Record<string, unknown>): { show?: "audit" } =>
    search["show"] === "audit" ? { show: "audit" } : {},
  component: Page,
});

function Page() {
  return <ActivityPage audit={Route.useSearch().show === "audit"} />;
}
