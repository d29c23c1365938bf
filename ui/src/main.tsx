import "./styles/index.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { makeQueryClient } from "./api/queries";
import { NotFound, PageFailure } from "./features/frame/pages";
import { watchForUpdates } from "./features/frame/updates";
import { routeTree } from "./routeTree.gen";

const queries = makeQueryClient();
const router = createRouter({
  routeTree,
  context: { queries },
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageFailure,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

// It is there: the next time that it is not begins to count anew.
try {
  sessionStorage.removeItem("octobot.boot");
} catch {
  // A browser that keeps nothing has nothing to forget.
}
watchForUpdates();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
