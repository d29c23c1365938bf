import { useQuery } from "@tanstack/react-query";
import type { PluginRow } from "@/api/client/types.gen";
import { Moment } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { pluginsQuery } from "./queries";
import { inOrder, isWrong, provides } from "./words";

/** More than this is a number, until somebody wants to see them. */
const MANY = 12;

/** What the node is made of: what each tentacle provides, and what of it does not work, and why. */
export function Tentacles() {
  const { data: plugins, error, refetch } = useQuery(pluginsQuery);
  if (error && !plugins) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!plugins) return <Loading what="the tentacles" rows={8} />;
  const sorted = inOrder(plugins);
  const wrong = sorted.filter(isWrong);
  const others = sorted.filter((each) => !isWrong(each) && each.origin !== "built-in");
  const own = sorted.filter((each) => !isWrong(each) && each.origin === "built-in");
  return (
    <>
      {wrong.length > 0 && <Group title="To mend" plugins={wrong} />}
      {others.length > 0 && <Group title="Of others" plugins={others} />}
      <Group title="Built in" plugins={own} />
    </>
  );
}

function Group({ title, plugins }: { title: string; plugins: readonly PluginRow[] }) {
  return (
    <section className="blk">
      <div className="section-head">
        <h2>{title}</h2>
        <span className="end">{format.count(plugins.length)}</span>
      </div>
      <ul className="tentacles">
        {plugins.map((each) => (
          <Tentacle key={each.name} plugin={each} />
        ))}
      </ul>
    </section>
  );
}

function Tentacle({ plugin }: { plugin: PluginRow }) {
  const now = useNow();
  return (
    <li>
      <div className="name">
        <b>{plugin.name}</b> <span className="muted">{plugin.version}</span>
        <span className="why-line">
          {plugin.origin === "built-in" ? <span className="mono">{plugin.module}</span> : plugin.origin}
        </span>
      </div>
      <div>
        {plugin.status === "off" && <p className="muted">It is switched off.</p>}
        {provides(plugin).map(({ what, names }) =>
          names.length > MANY ? (
            <details key={what}>
              <summary>
                <span className="muted">{what}:</span> {format.count(names.length)}
              </summary>
              <p>{names.join(", ")}</p>
            </details>
          ) : (
            <p key={what}>
              <span className="muted">{what}:</span> {names.join(", ")}
            </p>
          ),
        )}
        {plugin.error && (
          <p className="bad">
            <Shape mark="failed" /> {plugin.error}
          </p>
        )}
        {plugin.left_out.map((reason) => (
          <p className="warn" key={reason}>
            <Shape mark="waiting" /> Not used: {reason}
          </p>
        ))}
        {plugin.troubles.map((each) => (
          <p className="bad" key={each.what}>
            <Shape mark="failed" /> {each.what}, {format.count(each.count)} {each.count === 1 ? "time" : "times"}, last{" "}
            <Moment at={each.at} now={now} />: <code>{each.error}</code>
          </p>
        ))}
        {plugin.services.map((each) => (
          <p key={each.name} className={each.status === "abandoned" ? "bad" : "muted"}>
            Service {each.name}: {each.status} since <Moment at={each.since} now={now} />
            {each.restarts > 0 && `, begun again ${format.count(each.restarts)} times`}
            {each.error && (
              <>
                : <code>{each.error}</code>
              </>
            )}
          </p>
        ))}
      </div>
    </li>
  );
}
