import { createFileRoute } from "@tanstack/react-router";
import { ReplaysPage } from "@/features/replays/ReplaysPage";

export const Route = createFileRoute("/_app/replays/")({ component: ReplaysPage });
