import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { nodeQuery, nodesQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { Health } from "./Health";
import { Nodes } from "./Nodes";
import { checksQuery, pluginsQuery } from "./queries";
import { Settings } from "./Settings";
import { Tentacles } from "./Tentacles";
import type { NodeTab } from "./tabs";
import { isWrong, summary } from "./words";

/** What the automations run on: nodes, what they are made of, and what is wrong with any of it. */
export function NodePage({ tab }: { tab: NodeTab }) {
  const { data: nodes, error, refetch } = useQuery(nodesQuery);
  const { data: node } = useQuery(nodeQuery);
  const drift = nodes?.filter((each) => each.state === "drift").length ?? 0;
  const silent = nodes?.filter((each) => each.state === "dead").length ?? 0;
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Node</h1>
          <p className="says">
            {nodes ? summary(nodes) : "\u00a0"}{" "}
            {drift > 0 && <span className="bad">{format.count(drift)} drift. </span>}
            {silent > 0 && <span className="unk">{format.count(silent)} silent. </span>}
            {node && !node.sending && <span className="bad">A kill switch is on: nothing is sent. </span>}
          </p>
        </div>
      </div>
      <Tabs nodes={nodes?.filter((each) => each.state !== "left").length} />
      {tab === "nodes" &&
        (error && !nodes ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : nodes ? (
          <>
            <Nodes nodes={nodes} />
            <Health short />
          </>
        ) : (
          <Loading what="the nodes" rows={4} />
        ))}
      {tab === "tentacles" && <Tentacles />}
      {tab === "health" && <Health />}
      {tab === "settings" && <Settings />}
    </div>
  );
}

const ONE_VIEW = { exact: true, includeSearch: true };

function Tabs({ nodes }: { nodes: number | undefined }) {
  const { data: session } = useQuery(sessionQuery);
  const { data: plugins } = useQuery(pluginsQuery);
  const { data: checkup } = useQuery(checksQuery);
  const wrong = plugins?.filter(isWrong).length ?? 0;
  const toMend = checkup?.checks.filter((each) => each.status !== "ok").length ?? 0;
  return (
    <nav className="tabs" aria-label="Parts of the node">
      <Link to="/node" search={{}} activeOptions={ONE_VIEW} replace>
        Nodes<span className="n">{nodes ?? ""}</span>
      </Link>
      <Link to="/node" search={{ tab: "tentacles" }} activeOptions={ONE_VIEW} replace>
        Tentacles<span className={`n ${wrong > 0 ? "bad" : ""}`}>{wrong > 0 ? `${wrong} to mend` : ""}</span>
      </Link>
      <Link to="/node" search={{ tab: "health" }} activeOptions={ONE_VIEW} replace>
        Health<span className={`n ${toMend > 0 ? "bad" : ""}`}>{toMend > 0 ? `${toMend} to mend` : ""}</span>
      </Link>
      {session?.scopes.includes("settings:read") && (
        <Link to="/node" search={{ tab: "settings" }} activeOptions={ONE_VIEW} replace>
          Settings
        </Link>
      )}
    </nav>
  );
}
