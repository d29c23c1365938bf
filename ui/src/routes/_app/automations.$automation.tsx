import { createFileRoute } from "@tanstack/react-router";
import { AutomationPage, TABS, type Tab } from "@/features/automation/AutomationPage";
import { automationQuery } from "@/features/automation/queries";

interface Search {
  tab?: Tab;
}

export const Route = createFileRoute("/_app/automations/$automation")({
  validateSearch: (search: Record<string, unknown>): Search => {
    const tab = TABS.find((each) => each === search["tab"]);
    return tab && tab !== "chart" ? { tab } : {};
  },
  loader: ({ context, params }) => void context.queries.prefetchQuery(automationQuery(params.automation)),
  component: Page,
});

function Page() {
  const { automation } = Route.useParams();
  const { tab = "chart" } = Route.useSearch();
  return <AutomationPage id={automation} tab={tab} key={automation} />;
}
