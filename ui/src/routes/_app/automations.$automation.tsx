import { createFileRoute } from "@tanstack/react-router";
import { AutomationPage } from "@/features/automation/AutomationPage";
import { automationQuery, newestOrderQuery } from "@/features/automation/queries";
import { type Search, searched } from "@/features/automation/search";

export const Route = createFileRoute("/_app/automations/$automation")({
  validateSearch: (search: Record<string, unknown>): Search => searched(search),
  loader: ({ context, params }) => {
    void context.queries.prefetchQuery(automationQuery(params.automation));
    void context.queries.prefetchQuery(newestOrderQuery(params.automation));
  },
  component: Page,
});

function Page() {
  const { automation } = Route.useParams();
  return <AutomationPage id={automation} search={searched({ ...Route.useSearch() })} key={automation} />;
}
