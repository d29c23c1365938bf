import { createFileRoute } from "@tanstack/react-router";
import { PanelPage } from "@/features/panels/PanelPage";

export const Route = createFileRoute("/_app/panel/$panel")({ component: Page });

function Page() {
  const { panel } = Route.useParams();
  return <PanelPage name={panel} key={panel} />;
}
