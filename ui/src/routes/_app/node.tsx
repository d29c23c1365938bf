import { createFileRoute } from "@tanstack/react-router";
import { NodePage } from "@/features/node/NodePage";
import { NODE_TABS, type NodeTab } from "@/features/node/tabs";

function searched(given: Record<string, unknown>): { tab?: NodeTab } {
  const tab = NODE_TABS.find((each) => each === given["tab"]);
  return tab && tab !== "nodes" ? { tab } : {};
}

export const Route = createFileRoute("/_app/node")({
  validateSearch: searched,
  component: Page,
});

function Page() {
  return <NodePage tab={searched(Route.useSearch()).tab ?? "nodes"} />;
}
