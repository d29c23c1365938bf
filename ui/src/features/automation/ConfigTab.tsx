import { useQuery } from "@tanstack/react-query";
import type { AutomationDetail } from "@/features/automation/queries";
import { typesQuery } from "@/features/automations/queries";
import { typeName } from "@/features/automations/words";
import { Moment, Money } from "@/parts/Figures";
import { useNow } from "@/parts/useNow";

/** What it was told to do, field by field. */
export default function ConfigTab({ detail }: { detail: AutomationDetail }) {
  const { data: types } = useQuery(typesQuery);
  const type = types?.find((each) => each.type === detail.type);
  const now = useNow();
  const limits = Object.entries(detail.limits).filter(([, value]) => value !== null);
  return (
    <div className="money">
      <section aria-labelledby="h-conf" className="blk">
        <div className="section-head">
          <h2 id="h-conf">Config</h2>
          <span className="end">Revision {detail.revision}</span>
        </div>
        <Fields value={detail.config} />
      </section>
      <div>
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
        <section aria-labelledby="h-lim" className="blk">
          <div className="section-head">
            <h2 id="h-lim">Limits</h2>
          </div>
          {limits.length === 0 ? (
            <p className="muted none">None of its own.</p>
          ) : (
            <Fields value={Object.fromEntries(limits)} />
          )}
        </section>
      </div>
    </div>
  );
}

function Fields({ value }: { value: Record<string, unknown> }) {
  return <dl className="facts conf-fields">{Object.entries(value).flatMap(([name, each]) => rows(name, each))}</dl>;
}

function rows(name: string, value: unknown): React.ReactNode[] {
  if (value !== null && typeof value === "object") {
    return Object.entries(value).flatMap(([inner, each]) => rows(`${name}.${inner}`, each));
  }
  return [
    <div key={name}>
      <dt className="mono">{name}</dt>
      <dd>{value === null || value === "" ? <span className="faint">–</span> : String(value)}</dd>
    </div>,
  ];
}
