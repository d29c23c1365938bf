import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { Icon } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { panelsQuery } from "./queries";

const PanelFrame = lazyPart(async () => ({ default: (await import("./PanelFrame")).PanelFrame }));

/** What plugins bring to the page of an automation of this type. */
export function AutomationPanels({ id, type }: { id: string; type: string }) {
  const { data: panels = [] } = useQuery(panelsQuery);
  const shown = panels.filter((panel) => panel.place === "automation" && panel.types.includes(type));
  return (
    <Suspense fallback={null}>
      {shown.map((panel) => (
        <PanelFrame key={panel.name} panel={panel} automation={id} />
      ))}
    </Suspense>
  );
}

/** Cards that plugins bring to the overview. */
export function OverviewPanels() {
  const { data: panels = [] } = useQuery(panelsQuery);
  const shown = panels.filter((panel) => panel.place === "overview");
  return (
    <Suspense fallback={null}>
      {shown.map((panel) => (
        <PanelFrame key={panel.name} panel={panel} automation={null} />
      ))}
    </Suspense>
  );
}

/** Pages that plugins bring, below those that there are. */
export function PanelLinks() {
  const { data: panels = [] } = useQuery(panelsQuery);
  const pages = panels.filter((panel) => panel.place === "page");
  if (pages.length === 0) return null;
  return (
    <ul className="panel-links" aria-label="Pages of plugins">
      {pages.map((panel) => (
        <li key={panel.name}>
          <Link to="/panel/$panel" params={{ panel: panel.name }} activeProps={{ "aria-current": "page" }}>
            <Icon name="right" />
            <span className="cut">{panel.title}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
