import { createFileRoute, redirect } from "@tanstack/react-router";
import { sessionQuery } from "@/features/session/queries";
import { SignIn } from "@/features/session/SignIn";

interface Search {
  /** Where somebody was going. */
  to?: string;
}

export const Route = createFileRoute("/sign-in")({
  validateSearch: (search: Record<string, unknown>): Search => {
    const to = search["to"];
    // A path of ours: never another origin's page.
    return typeof to === "string" && /^\/(?![/\\])/.test(to) ? { to } : {};
  },
  async beforeLoad({ context, search }) {
    const session = await context.queries.fetchQuery(sessionQuery).catch(() => null);
    if (session) throw redirect({ href: search.to ?? "/" });
  },
  component: Page,
});

function Page() {
  const { to } = Route.useSearch();
  const navigate = Route.useNavigate();
  return <SignIn onSignedIn={() => void navigate({ href: to ?? "/", replace: true })} />;
}
