import { createFileRoute } from "@tanstack/react-router";
import StartReplay, { type From } from "@/features/replays/start/StartReplay";

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= 128 ? value : undefined;
}

export const Route = createFileRoute("/_app/replays/new")({
  validateSearch: (given: Record<string, unknown>): From => {
    const [type, automation, again] = [text(given["type"]), text(given["automation"]), text(given["again"])];
    return { ...(type ? { type } : {}), ...(automation ? { automation } : {}), ...(again ? { again } : {}) };
  },
  component: Page,
});

function Page() {
  return <StartReplay from={Route.useSearch()} />;
}
