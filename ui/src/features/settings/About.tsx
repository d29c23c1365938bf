import packages from "virtual:packages";
import { useQuery } from "@tanstack/react-query";
import { nodeQuery } from "@/features/frame/queries";
import { pluginsQuery } from "@/features/node/queries";
import * as format from "@/text/format";
import { pythonPackagesQuery } from "./queries";

/** Which version this is, and whose work is in it. */
export default function About() {
  const { data: node } = useQuery(nodeQuery);
  const { data: plugins = [] } = useQuery(pluginsQuery);
  const others = plugins.filter((each) => each.origin !== "built-in");
  return (
    <div className="money">
      <section className="blk" aria-labelledby="h-about">
        <div className="section-head">
          <h2 id="h-about">OctoBot Node</h2>
          <span className="end">{node?.version}</span>
        </div>
        <dl className="facts">
          <div>
            <dt>Version</dt>
            <dd>{node?.version ?? "…"}</dd>
          </div>
          <div>
            <dt>Licence</dt>
            <dd>Apache License 2.0</dd>
          </div>
          {node && (
            <div>
              <dt>Data folder</dt>
              <dd className="mono small">{node.data_dir}</dd>
            </div>
          )}
          {others.map((each) => (
            <div key={each.name}>
              <dt>{each.name}, of others</dt>
              <dd>{each.version}</dd>
            </div>
          ))}
        </dl>
        <p className="doc">
          Prices are drawn by{" "}
          <a
            className="link"
            href="https://www.tradingview.com/lightweight-charts/"
            rel="noreferrer noopener"
            target="_blank"
          >
            TradingView Lightweight Charts™
          </a>
          , © TradingView, Inc., Apache License 2.0.
        </p>
        <p className="doc muted">
          No request of this page leaves the node; that link is the only one that does, and only if you follow it.
        </p>
      </section>
      <div>
        <section className="blk" aria-labelledby="h-licences">
          <div className="section-head">
            <h2 id="h-licences">Whose work this page is made of</h2>
            <span className="end">{format.count(packages.length + 2)}</span>
          </div>
          <dl className="facts licences">
            {packages.map((each) => (
              <div key={each.name}>
                <dt>
                  {each.name} <span className="faint">{each.version}</span>
                </dt>
                <dd>{each.license}</dd>
              </div>
            ))}
            <div>
              <dt>Inter</dt>
              <dd>SIL Open Font License 1.1</dd>
            </div>
            <div>
              <dt>JetBrains Mono</dt>
              <dd>SIL Open Font License 1.1</dd>
            </div>
          </dl>
        </section>
        <PythonPackages />
      </div>
    </div>
  );
}

/** What the node itself is made of, as each package tells it. */
function PythonPackages() {
  const { data: found } = useQuery(pythonPackagesQuery);
  if (!found) return null;
  return (
    <section className="blk" aria-labelledby="h-python">
      <div className="section-head">
        <h2 id="h-python">Whose work the node is made of</h2>
        <span className="end">{format.count(found.length)}</span>
      </div>
      <dl className="facts licences">
        {found.map((each) => (
          <div key={each.name}>
            <dt>
              {each.name} <span className="faint">{each.version}</span>
            </dt>
            <dd>{each.license || "not told"}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
