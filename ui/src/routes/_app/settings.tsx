import { createFileRoute } from "@tanstack/react-router";
import { SETTINGS_TABS, SettingsPage, type SettingsTab } from "@/features/settings/SettingsPage";

export const Route = createFileRoute("/_app/settings")({
  validateSearch: (given: Record<string, unknown>): { tab?: SettingsTab } => {
    const tab = SETTINGS_TABS.find((each) => each === given["tab"]);
    return tab && tab !== "you" ? { tab } : {};
  },
  component: Page,
});

function Page() {
  return <SettingsPage tab={Route.useSearch().tab ?? "you"} />;
}
