import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { makeQueryClient } from "@/api/queries";

function queryClient() {
  const queries = makeQueryClient();
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retry: false } });
  return queries;
}

/** Draw a component with a query cache of its own, which asks nothing twice. */
export function show(element: ReactElement) {
  return render(<QueryClientProvider client={queryClient()}>{element}</QueryClientProvider>);
}

/** The same for one that has links or goes elsewhere; tells where it went. */
export function showPage(element: ReactElement) {
  const root = createRootRoute({ component: Outlet });
  const first = createRoute({ getParentRoute: () => root, path: "/", component: () => element });
  const others = createRoute({ getParentRoute: () => root, path: "$", component: () => null });
  const router = createRouter({
    routeTree: root.addChildren([first, others]),
    history: createMemoryHistory({ initialEntries: ["/"] }),
  });
  const drawn = render(
    <QueryClientProvider client={queryClient()}>
      {/* The application's own router is another one: this one knows every address, and draws none. */}
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  return { ...drawn, where: () => router.state.location };
}

/** A problem as the node tells it. */
export function problem(kind: string, status: number, detail: string, headers: Record<string, string> = {}): Response {
  const body = { type: `urn:octobot-node:problem:${kind}`, title: "", status, detail, request_id: "r1", errors: [] };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
