import { createFileRoute, redirect } from "@tanstack/react-router";
import { Frame } from "@/features/frame/Frame";
import { sessionQuery } from "@/features/session/queries";

export const Route = createFileRoute("/_app")({
  async beforeLoad({ context, location }) {
    const session = await context.queries.ensureQueryData(sessionQuery);
    if (!session) throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { to: location.href } });
  },
  component: Frame,
});
