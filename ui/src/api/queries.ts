import { QueryClient } from "@tanstack/react-query";
import { isProblem, NoAnswer } from "./http";

/** What is asked again by itself: a node that is away comes back, but no refusal becomes a consent by asking again. */
function retries(failures: number, error: unknown): boolean {
  return failures < 2 && (error instanceof NoAnswer || isProblem(error, "unavailable"));
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: retries,
        // Events say what is stale; this is for what they say nothing about, such as prices.
        staleTime: 30_000,
        gcTime: 300_000,
        // Whether the node is there is not what the browser thinks of its network.
        networkMode: "always",
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
