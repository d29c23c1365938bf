import { createFileRoute } from "@tanstack/react-router";
import ComparePage, { type CompareSearch } from "@/features/replays/compare/ComparePage";
import { LETTERS } from "@/features/replays/compare/comparing";

export const Route = createFileRoute("/_app/replays/compare")({
  validateSearch: (given: Record<string, unknown>): CompareSearch => {
    const ids = Array.isArray(given["replays"]) ? given["replays"] : [];
    const replays = ids.filter((each): each is string => typeof each === "string" && each.length <= 128);
    return {
      replays: [...new Set(replays)].slice(0, LETTERS.length),
      ...(given["show"] === "difference" ? { show: "difference" } : {}),
    };
  },
  component: Page,
});

function Page() {
  return <ComparePage search={Route.useSearch()} />;
}
