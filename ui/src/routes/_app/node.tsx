import { createFileRoute } from "@tanstack/react-router";
import { NodePage } from "@/features/node/NodePage";
import { NODE_TABS, type NodeTab } from "@/features/node/tabs";

export const Route = createFileRoute("/_app/node")({
  validateSearch: (given: Record<string, unknown>): { tab?: NodeTab } => {
    const tab = NODE_TABS.find((each) => each === given["tab"]);
    return tab && tab !== "nodes" ? { tab } : {};
  },
  component: Page,
});

function Page() {
  return <NodePage tab={Route.useSearch().tab ?? "nodes"} />;
}
