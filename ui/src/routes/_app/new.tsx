import { createFileRoute } from "@tanstack/react-router";
import { typesQuery } from "@/features/automations/queries";
import { NewPage } from "@/features/new/NewPage";

export const Route = createFileRoute("/_app/new")({
  validateSearch: (search: Record<string, unknown>): { type?: string } =>
    typeof search["type"] === "string" && search["type"] !== "" ? { type: search["type"].slice(0, 128) } : {},
  loader: ({ context }) => void context.queries.prefetchQuery(typesQuery),
  component: Page,
});

function Page() {
  return <NewPage type={Route.useSearch().type} />;
}
