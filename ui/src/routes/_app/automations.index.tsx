import { createFileRoute } from "@tanstack/react-router";
import { useMemo } from "react";
import { AutomationsPage } from "@/features/automations/AutomationsPage";
import { type Search, searched } from "@/features/automations/search";

export const Route = createFileRoute("/_app/automations/")({
  validateSearch: (given: Record<string, unknown>): Search => searched(given),
  component: Page,
});

function Page() {
  const said = Route.useSearch();
  // The router leaves what was refused in the address; it must come to nothing, neither here nor at the node.
  const search = useMemo(() => searched({ ...said }), [said]);
  return <AutomationsPage search={search} />;
}
