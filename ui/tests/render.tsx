import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { makeQueryClient } from "@/api/queries";

/** Draw a component with a query cache of its own, which asks nothing twice. */
export function show(element: ReactElement) {
  const queries = makeQueryClient();
  queries.setDefaultOptions({ queries: { ...queries.getDefaultOptions().queries, retry: false } });
  return render(<QueryClientProvider client={queries}>{element}</QueryClientProvider>);
}

/** A problem as the node tells it. */
export function problem(kind: string, status: number, detail: string, headers: Record<string, string> = {}): Response {
  const body = { type: `urn:octobot-node:problem:${kind}`, title: "", status, detail, request_id: "r1", errors: [] };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
