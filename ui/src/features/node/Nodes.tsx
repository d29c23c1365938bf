import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { drainNode } from "@/api/client/sdk.gen";
import type { NodeRow } from "@/api/client/types.gen";
import { nodesQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { differs, nameOf, roleOf, stateOf } from "./words";

/** Nodes on one database, the one that leads first: each talks to it, and none to another. */
export function Nodes({ nodes }: { nodes: readonly NodeRow[] }) {
  const { data: session } = useQuery(sessionQuery);
  const { dataUpdatedAt } = useQuery(nodesQuery);
  const [drains, setDrains] = useState<NodeRow | null>(null);
  const now = useNow();
  const { state } = useConnection();
  const sorted = [...nodes].sort(
    (a, b) =>
      Number(a.state === "left") - Number(b.state === "left") ||
      Number(b.leads) - Number(a.leads) ||
      Number(a.role === "consumer") - Number(b.role === "consumer") ||
      (a.host || a.id).localeCompare(b.host || b.id),
  );
  const alone = sorted.filter((each) => each.state !== "left").length === 1;
  const may = session?.scopes.includes("nodes:write") ?? false;
  return (
    <section className="blk" aria-labelledby="h-nodes">
      <h2 className="vh" id="h-nodes">
        Nodes
      </h2>
      {!alone && <p className="small muted">One database. Each node talks to it, and none to another.</p>}
      <table className="stack nodes">
        <thead>
          <tr>
            {!alone && (
              <th className="tc">
                <span className="vh">Place</span>
              </th>
            )}
            <th>Node</th>
            <th>State</th>
            <th>Heard</th>
            <th className="num">Works at</th>
            <th className="num">Ticks, 1/s</th>
            <th className="num">Lag, 95 %</th>
            <th className="num">CPU</th>
            <th className="num">Memory</th>
            <th>Version</th>
            <th className="num">Since</th>
            <th>
              <span className="vh">What can be done</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((node, index) => {
            const said = stateOf(node);
            return (
              <tr key={node.id}>
                {!alone && (
                  <td className="tc desk-only">
                    <Branch first={index === 0} last={index === sorted.length - 1} node={node} />
                  </td>
                )}
                <th scope="row">
                  {nameOf(node, nodes)}
                  {node.this && <span className="tag here">this one</span>}
                  <span className="why-line">{roleOf(node)}</span>
                </th>
                <td className="end-cell">
                  <span className={`status ${said.dress}`}>
                    <Shape mark={said.mark} />
                    {said.text}
                  </span>
                </td>
                <td>
                  <span className="phone-inline">Heard </span>
                  <Heard node={node} since={now.getTime() - dataUpdatedAt} />
                  <OnPhone node={node} />
                </td>
                <td className="num desk-only">
                  {node.state === "left" ? (
                    <span className="faint">–</span>
                  ) : (
                    `${format.count(node.load)} ${node.load === 1 ? "task" : "tasks"}`
                  )}
                </td>
                <td className="num desk-only">
                  <Known
                    value={node.ticks_per_second}
                    write={(value) => format.axisNumber(value, 1)}
                    gone={gone(node)}
                  />
                </td>
                <td className="num desk-only">
                  <Known value={node.lag_95} write={format.seconds} gone={gone(node)} none="no tick" />
                </td>
                <td className="num desk-only">
                  <Known value={node.cpu} write={format.share} gone={gone(node)} />
                </td>
                <td className="num desk-only">
                  <Known value={node.memory} write={format.bytes} gone={gone(node)} />
                </td>
                <td className="muted desk-only">{node.version}</td>
                <td className="num muted desk-only">
                  <Moment at={node.since} now={now} />
                </td>
                <td className="num">
                  {may && node.state !== "left" && node.state !== "draining" && node.state !== "dead" && !alone && (
                    <button
                      className="btn small"
                      type="button"
                      disabled={state !== "live"}
                      onClick={() => setDrains(node)}
                    >
                      Drain…
                    </button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {sorted
        .filter((each) => stateOf(each).cure !== "")
        .map((each) => (
          <div className={`note q ${each.state === "dead" ? "unk" : "bad"}`} key={each.id}>
            <Shape mark={stateOf(each).mark} />
            <div>
              <p>
                <b>{nameOf(each, nodes)}.</b> {stateOf(each).cure}
              </p>
              {each.differs.length > 0 && (
                <ul className="plainlist small" aria-label={`In what ${nameOf(each, nodes)} differs`}>
                  {each.differs.map((one) => (
                    <li key={one.name}>{differs(one)}</li>
                  ))}
                </ul>
              )}
            </div>
          </div>
        ))}
      {drains && <Drain node={drains} name={nameOf(drains, nodes)} onClose={() => setDrains(null)} />}
    </section>
  );
}

function Heard({ node, since }: { node: NodeRow; since: number }) {
  if (node.state === "left") return <span className="faint">–</span>;
  const age = node.this ? node.heartbeat_age * 1_000 : node.heartbeat_age * 1_000 + Math.max(0, since);
  return (
    <span className={`tnum ${node.state === "dead" ? "unk" : "muted"}`}>
      {age < 1_500 ? "just now" : `${format.span(age)} ago`}
    </span>
  );
}

/** What the columns say that a phone has no room for. */
function OnPhone({ node }: { node: NodeRow }) {
  if (gone(node) || node.ticks_per_second === null) return null;
  return (
    <span className="why-line phone-only tnum">
      {format.axisNumber(node.ticks_per_second, 1)} ticks/s
      {node.lag_95 !== null && `, ${format.seconds(node.lag_95)} late`}
      {node.cpu !== null && `, CPU ${format.share(node.cpu)}`}
    </span>
  );
}

function gone(node: NodeRow): boolean {
  return node.state === "left" || node.state === "dead";
}

/** A figure of a node: what is not known yet is said so, and of one that is gone nothing is true now. */
function Known({
  value,
  write,
  gone,
  none = "not known",
}: {
  value: number | null;
  write: (value: number) => string;
  gone: boolean;
  none?: string;
}) {
  if (gone) return <span className="faint">–</span>;
  return value === null ? <span className="small muted">{none}</span> : <span className="tnum">{write(value)}</span>;
}

/** Where a node hangs in the tree: a disc leads, a ring works, a dashed ring is silent. */
function Branch({ first, last, node }: { first: boolean; last: boolean; node: NodeRow }) {
  return (
    <svg className="tree" viewBox="0 0 22 60" aria-hidden="true">
      <path d={`M8 ${first ? 30 : 0}V${last ? 30 : 60}`} />
      <path d="M8 30h8" className={node.state === "dead" ? "dash" : ""} />
      <circle cx="18" cy="30" r="3.2" className={node.leads ? "m" : node.state === "dead" ? "u" : "c"} />
    </svg>
  );
}

function Drain({ node, name, onClose }: { node: NodeRow; name: string; onClose: () => void }) {
  const queries = useQueryClient();
  const drain = useMutation({
    mutationFn: () => drainNode({ path: { node: node.id } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
    },
  });
  return (
    <Dialog
      title={`Drain ${name}`}
      lead="It finishes what it does, hands the rest to the others, and ends. Nothing is cancelled."
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Keep it
          </button>
          <button className="btn primary" type="button" disabled={drain.isPending} onClick={() => drain.mutate()}>
            Drain it
          </button>
        </>
      }
    >
      {node.this && <p>This page is served by it: open the page of another node afterwards.</p>}
      {drain.error && <Failure error={drain.error} />}
    </Dialog>
  );
}
