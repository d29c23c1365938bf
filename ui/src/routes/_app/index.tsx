import { createFileRoute } from "@tanstack/react-router";
import { fewAutomationsQuery } from "@/features/automations/queries";
import { OverviewPage } from "@/features/overview/OverviewPage";

export const Route = createFileRoute("/_app/")({
  loader: ({ context }) => void context.queries.prefetchQuery(fewAutomationsQuery),
  component: OverviewPage,
});
