import { createFileRoute } from "@tanstack/react-router";
import NewAccount from "@/features/accounts/new/NewAccount";

export const Route = createFileRoute("/_app/accounts/new")({
  validateSearch: (given: Record<string, unknown>): { kind?: "paper" } =>
    given["kind"] === "paper" ? { kind: "paper" } : {},
  component: Page,
});

function Page() {
  return <NewAccount kind={Route.useSearch().kind} />;
}
