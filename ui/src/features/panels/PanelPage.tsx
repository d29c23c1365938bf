import { useQuery } from "@tanstack/react-query";
import { Empty, Failure, Loading } from "@/parts/States";
import { PanelFrame } from "./PanelFrame";
import { panelsQuery } from "./queries";

/** A page that a plugin brings. */
export function PanelPage({ name }: { name: string }) {
  const { data: panels, error, refetch } = useQuery(panelsQuery);
  const panel = panels?.find((each) => each.name === name && each.place === "page");
  return (
    <div className="page">
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !panels ? (
        <Loading what="the page" />
      ) : panel ? (
        <>
          <h1 className="vh">{panel.title}</h1>
          <PanelFrame panel={panel} automation={null} />
        </>
      ) : (
        <Empty title="There is no such page">Its plugin is gone, off or broken: see Node, Tentacles.</Empty>
      )}
    </div>
  );
}
