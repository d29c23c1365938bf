import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense, useMemo } from "react";
import { typesQuery } from "@/features/automations/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { normalised, type Schema } from "@/features/new/config/schema";
import { typeQuery } from "@/features/new/queries";
import { sessionQuery } from "@/features/session/queries";
import { Moment, Money } from "@/parts/Figures";
import { lazyPart } from "@/parts/lazyPart";
import { Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { Fields } from "./config/Fields";
import { Revisions } from "./config/Revisions";
import { readEdit } from "./edit/editing";
import { isEnding } from "./lives";
import type { AutomationDetail } from "./queries";

const EditConfig = lazyPart(() => import("./edit/EditConfig"));

/** What it was told to do: as it is, as a form, and as it was before. */
export default function ConfigTab({
  detail,
  etag,
  edits,
  revision,
}: {
  detail: AutomationDetail;
  etag: string | null;
  edits: boolean;
  revision: number | null;
}) {
  const { data: session } = useQuery(sessionQuery);
  // What the fields are called; without it they are as long as they will not stay.
  const { isPending } = useQuery(typeQuery(detail.type));
  const may = (session?.scopes.includes("automations:write") ?? false) && !isEnding(detail.status);
  if (edits && may) {
    return (
      <Suspense fallback={<Loading what="the form" rows={8} />}>
        <EditConfig detail={detail} etag={etag} key={detail.id} />
      </Suspense>
    );
  }
  if (isPending) return <Loading what="the config" rows={8} />;
  return (
    <div className="money">
      <div>
        {may && <Begun id={detail.id} />}
        <Shown detail={detail} may={may} />
      </div>
      <div>
        <Revisions detail={detail} etag={etag} chosen={revision} may={may} />
        <About detail={detail} />
      </div>
    </div>
  );
}

function EditLink({ id, children, primary = false }: { id: string; children: string; primary?: boolean }) {
  return (
    <Link
      className={`btn small ${primary ? "primary" : ""}`}
      to="/automations/$automation"
      params={{ automation: id }}
      search={{ tab: "config", edit: true }}
    >
      {children}
    </Link>
  );
}

/** An edit that was begun in this tab and not saved. */
function Begun({ id }: { id: string }) {
  if (!readEdit(id)) return null;
  return (
    <div className="note warn q">
      <p>
        <b>An edit was begun here and not saved.</b> What was typed is kept in this tab.
      </p>
      <EditLink id={id}>Go on</EditLink>
    </div>
  );
}

function Shown({ detail, may }: { detail: AutomationDetail; may: boolean }) {
  const { data: type } = useQuery(typeQuery(detail.type));
  const schema = useMemo(() => (type ? normalised(type.config as Schema) : undefined), [type]);
  return (
    <section aria-labelledby="h-conf" className="blk">
      <div className="section-head">
        <h2 id="h-conf">Config</h2>
        {may && (
          <span className="end">
            <EditLink id={detail.id}>Edit</EditLink>
          </span>
        )}
      </div>
      <Fields value={detail.config} schema={schema} />
      <Limits limits={detail.limits} />
    </section>
  );
}

function Limits({ limits }: { limits: Record<string, unknown> }) {
  const set = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== null));
  return (
    <>
      <h3 className="sub">Limits</h3>
      {Object.keys(set).length === 0 ? (
        <p className="muted none">None of its own; those of its account hold.</p>
      ) : (
        <Fields value={set} />
      )}
    </>
  );
}

function About({ detail }: { detail: AutomationDetail }) {
  const typeName = useTypeNames();
  const { data: types } = useQuery(typesQuery);
  const type = types?.find((each) => each.type === detail.type);
  const now = useNow();
  return (
    <section aria-labelledby="h-type" className="blk">
      <div className="section-head">
        <h2 id="h-type">{typeName(detail.type)}</h2>
        <span className="end mono">{detail.type}</span>
      </div>
      {type && <p className="muted says">{type.summary}</p>}
      <dl className="facts">
        <div>
          <dt>Account</dt>
          <dd>{detail.account}</dd>
        </div>
        {Object.entries(detail.budget).map(([asset, value]) => (
          <div key={asset}>
            <dt>Budget</dt>
            <dd>
              <Money value={value} asset={asset} />
            </dd>
          </div>
        ))}
        {detail.tags.length > 0 && (
          <div>
            <dt>Tags</dt>
            <dd>{detail.tags.join(", ")}</dd>
          </div>
        )}
        <div>
          <dt>Created</dt>
          <dd>
            <Moment at={detail.created_at} now={now} />
          </dd>
        </div>
        <div>
          <dt>Id</dt>
          <dd className="mono small">{detail.id}</dd>
        </div>
      </dl>
    </section>
  );
}
