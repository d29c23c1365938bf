import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { typesQuery } from "@/features/automations/queries";
import { sessionQuery } from "@/features/session/queries";
import { lazyPart } from "@/parts/lazyPart";
import { Empty, Failure, Loading } from "@/parts/States";

const NewAutomation = lazyPart(() => import("./NewAutomation"));

export function NewPage({ type }: { type: string | undefined }) {
  const { data: session } = useQuery(sessionQuery);
  if (session && !session.scopes.includes("automations:write")) {
    return (
      <div className="page">
        <Empty title="You may look">A trader may create automations. Ask an admin for that role.</Empty>
      </div>
    );
  }
  return type ? (
    <Suspense
      fallback={
        <div className="page">
          <Loading what="the form" rows={8} />
        </div>
      }
    >
      <NewAutomation type={type} key={type} />
    </Suspense>
  ) : (
    <Gallery />
  );
}

/** What there is to choose from. */
function Gallery() {
  const { data: types, error, refetch } = useQuery(typesQuery);
  return (
    <div className="page">
      <div className="page-head">
        <h1>New automation</h1>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : types ? (
        <ul className="gallery">
          {types.map((each) => (
            <li key={each.type}>
              <Link to="/new" search={{ type: each.type }}>
                <b>{each.title}</b>
                <span className="muted">{each.summary}</span>
                <span className="tiny faint">
                  {each.risk && `Risk: ${each.risk}, `}
                  <span className="mono">
                    {each.package}
                    {each.plugin_version && ` ${each.plugin_version}`}
                  </span>
                </span>
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <Loading what="the types" rows={7} />
      )}
    </div>
  );
}
