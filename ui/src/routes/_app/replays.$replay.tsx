import { createFileRoute } from "@tanstack/react-router";
import { replayQuery } from "@/features/replays/queries";
import { ReplayPage } from "@/features/replays/ReplayPage";
import { REPLAY_TABS, type ReplaySearch } from "@/features/replays/search";

function searched(given: Record<string, unknown>): ReplaySearch {
  const tab = REPLAY_TABS.find((each) => each === given["tab"]);
  const automation = given["automation"];
  return {
    ...(tab && tab !== "report" ? { tab } : {}),
    ...(typeof automation === "string" && automation !== "" ? { automation: automation.slice(0, 128) } : {}),
  };
}

export const Route = createFileRoute("/_app/replays/$replay")({
  validateSearch: searched,
  loader: ({ context, params }) => void context.queries.prefetchQuery(replayQuery(params.replay)),
  component: Page,
});

function Page() {
  const { replay } = Route.useParams();
  return <ReplayPage id={replay} search={searched({ ...Route.useSearch() })} key={replay} />;
}
