import { createFileRoute } from "@tanstack/react-router";
import { ActivityPage } from "@/features/activity/ActivityPage";
import { activityQuery } from "@/features/activity/queries";

export const Route = createFileRoute("/_app/activity")({
  loader: ({ context }) => void context.queries.prefetchInfiniteQuery(activityQuery),
  component: ActivityPage,
});
