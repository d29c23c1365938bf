import { createFileRoute } from "@tanstack/react-router";
import { AutomationsPage } from "@/features/automations/AutomationsPage";
import { type Search, searched } from "@/features/automations/search";

export const Route = createFileRoute("/_app/automations/")({
  validateSearch: (given: Record<string, unknown>): Search => searched(given),
  component: Page,
});

function Page() {
  return <AutomationsPage search={Route.useSearch()} />;
}
