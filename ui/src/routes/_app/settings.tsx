import { createFileRoute } from "@tanstack/react-router";
import { SettingsPage } from "@/features/settings/SettingsPage";
import { SETTINGS_TABS, type SettingsTab } from "@/features/settings/tabs";

function searched(given: Record<string, unknown>): { tab?: SettingsTab } {
  const tab = SETTINGS_TABS.find((each) => each === given["tab"]);
  return tab && tab !== "you" ? { tab } : {};
}

export const Route = createFileRoute("/_app/settings")({
  validateSearch: searched,
  component: Page,
});

function Page() {
  return <SettingsPage tab={searched(Route.useSearch()).tab ?? "you"} />;
}
