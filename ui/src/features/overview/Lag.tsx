import { useQuery } from "@tanstack/react-query";
import type { LagNow } from "@/api/client/types.gen";
import { nodesQuery } from "@/features/frame/queries";
import { nameOf } from "@/features/node/words";
import { Shape } from "@/parts/Icon";
import * as format from "@/text/format";
import { lagQuery } from "./queries";

/** How late ticks were in the last hour, and the nodes that carry them. */
export function Lag() {
  const { data: lag } = useQuery(lagQuery);
  const { data: nodes = [] } = useQuery(nodesQuery);
  if (!lag) return null;
  return (
    <section aria-labelledby="h-lag">
      <div className="section-head">
        <h2 id="h-lag">Lag and nodes</h2>
        <span className="end legend">
          <span>
            <svg width="16" height="6" className="chart" aria-hidden="true">
              <path className="eq" d="M0 3h16" />
            </svg>
            95 %
          </span>
          <span>
            <svg width="16" height="6" className="chart" aria-hidden="true">
              <path className="hold" d="M0 3h16" />
            </svg>
            median
          </span>
        </span>
      </div>
      {lag.minutes.length > 1 ? (
        <Course lag={lag} />
      ) : (
        <p className="muted none">
          {format.count(lag.ticks)} decisions in the last hour, 95 % of them within {format.seconds(lag.most)}.
        </p>
      )}
      <ul className="nodes">
        {nodes.map((node) => (
          <li key={node.id}>
            <Shape mark={node.state === "dead" ? "unknown" : node.state === "live" ? "active" : "stopping"} />
            <span className="grow cut">{nameOf(node, nodes)}</span>
            <span className={`small ${node.state === "dead" ? "unk" : "muted"}`}>
              {node.state === "dead" ? "silent" : node.leads ? "leads" : node.role}
            </span>
            <span className="small muted num">heard {format.span(node.heartbeat_age * 1_000)} ago</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const WIDTH = 440;
const HEIGHT = 84;

function Course({ lag }: { lag: LagNow }) {
  const most = Math.max(0.1, ...lag.minutes.map((minute) => minute.most));
  const path = (value: (minute: LagNow["minutes"][number]) => number) =>
    lag.minutes
      .map((minute, index) => {
        const x = (index / (lag.minutes.length - 1)) * (WIDTH - 48);
        return `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${(HEIGHT - 2 - (value(minute) / most) * (HEIGHT - 12)).toFixed(1)}`;
      })
      .join("");
  const last = lag.minutes.at(-1);
  return (
    <svg
      className="chart lag"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`In the last hour 95 % of ${lag.ticks} decisions were at most ${format.seconds(lag.most)} late`}
    >
      <path className="ax" d={`M0 ${HEIGHT - 1}H${WIDTH - 48}`} />
      <path className="hold" d={path((minute) => minute.median)} />
      <path className="eq" d={path((minute) => minute.most)} />
      <text x={WIDTH - 44} y={HEIGHT - 2 - ((last?.most ?? 0) / most) * (HEIGHT - 12) + 4}>
        {format.seconds(last?.most ?? 0)}
      </text>
    </svg>
  );
}
