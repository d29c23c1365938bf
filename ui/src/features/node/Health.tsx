import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Check } from "@/api/client/types.gen";
import { Icon, Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { checksQuery } from "./queries";

const RANK: Record<Check["status"], number> = { failed: 0, warning: 1, ok: 2 };

/** What was looked at, what is wrong with it, and what to do about that. */
export function Health({ short = false }: { short?: boolean }) {
  const { data: checkup, error, refetch, isFetching, dataUpdatedAt } = useQuery(checksQuery);
  const checks = [...(checkup?.checks ?? [])].sort((a, b) => RANK[a.status] - RANK[b.status]);
  const wrong = checks.filter((each) => each.status !== "ok");
  const shown = short ? wrong : checks;
  return (
    <section className="blk" aria-labelledby="h-health">
      <div className="section-head">
        <h2 id="h-health">Health</h2>
        <span className="end">
          {checkup && (
            <>
              {wrong.length === 0 ? "All is well" : `${format.count(wrong.length)} to mend`}, checked{" "}
              <span className="tnum">{format.timeOfDay(new Date(dataUpdatedAt))}</span>{" "}
            </>
          )}
          <button className="btn small" type="button" disabled={isFetching} onClick={() => void refetch()}>
            {isFetching ? "Checking" : "Check again"}
          </button>
        </span>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !checkup ? (
        <Loading what="the checks" rows={6} />
      ) : (
        <ul className="hc">
          {shown.map((each) => (
            <li key={`${each.plugin} ${each.name}`}>
              {each.status === "ok" ? (
                <Icon name="ok" />
              ) : (
                <Shape mark={each.status === "failed" ? "failed" : "waiting"} />
              )}
              <div>
                <b>
                  {capital(each.name)}
                  {each.status !== "ok" && (
                    <span className={each.status === "failed" ? "bad" : "warn"}>
                      {each.status === "failed" ? ", failed" : ", a warning"}
                    </span>
                  )}
                </b>
                <p className="small muted">{each.detail}</p>
                {each.cure && (
                  <p className="small">
                    <b>Cure:</b> {each.cure}
                  </p>
                )}
              </div>
              <span className="small faint tnum nowrap">{format.seconds(each.seconds)}</span>
            </li>
          ))}
        </ul>
      )}
      {short && checkup && (
        <p className="more-line">
          <Link className="link" to="/node" search={{ tab: "health" }}>
            All {format.count(checks.length)} checks
          </Link>
        </p>
      )}
    </section>
  );
}

function capital(text: string): string {
  const words = text.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
