import { useQuery } from "@tanstack/react-query";
import type { ExchangeOfferRow } from "@/api/client/types.gen";
import { type AccountDraft, LIMITS } from "@/features/accounts/body";
import { routesQuery } from "@/features/accounts/queries";
import type { FieldErrors } from "@/features/new/config/check";
import type { Schema } from "@/features/new/config/schema";
import { Line } from "@/parts/forms/Line";
import { Icon, Shape } from "@/parts/Icon";

/** What becomes there of an order whose answer is lost: said before somebody brings money. */
export function Guarantee({ of }: { of: ExchangeOfferRow | undefined }) {
  const exact = of?.capabilities.exact ?? false;
  return (
    <div className={exact ? "note q" : "note unk q"} role="note">
      <Shape mark={exact ? "filled" : "unknown"} />
      <div>
        <p>
          {exact ? (
            <>
              <b>No order is lost or sent twice.</b> One whose answer is lost is found at {of?.title}, or it is proven
              that it was not executed.
            </>
          ) : (
            <>
              <b>Each order is sent once.</b> One whose answer is lost may stay unknown until you say what became of it.
            </>
          )}
        </p>
        {of?.notes.map((each) => (
          <p className="small muted" key={each}>
            {each}
          </p>
        ))}
      </div>
    </div>
  );
}

export function Fold({
  title,
  schema,
  open,
  children,
}: {
  title: string;
  schema: Schema;
  open: boolean;
  children: React.ReactNode;
}) {
  const names = Object.keys(schema.properties ?? {});
  if (names.length === 0) return null;
  const needs = (schema.required ?? []).length > 0;
  return (
    <details className="fold" open={open || needs}>
      <summary>
        {title} {!needs && <span className="faint">optional</span>}
      </summary>
      {children}
    </details>
  );
}

export function Money({
  purse,
  errors,
  onChange,
}: {
  purse: AccountDraft["purse"];
  errors: FieldErrors;
  onChange: (purse: AccountDraft["purse"]) => void;
}) {
  const put = (index: number, part: Partial<AccountDraft["purse"][number]>) =>
    onChange(purse.map((each, place) => (place === index ? { ...each, ...part } : each)));
  return (
    <fieldset className="part">
      <legend className="label">Money that it begins with</legend>
      {purse.map((each, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
        <div className="two-in" key={index}>
          <Line label="Amount" error={errors[`purse.${index}`]?.join(" ")}>
            {(props) => (
              <input
                {...props}
                inputMode="decimal"
                autoComplete="off"
                value={each.amount}
                onChange={(event) => put(index, { amount: event.target.value.trim() })}
              />
            )}
          </Line>
          <Line label="Of asset">
            {(props) => (
              <input
                {...props}
                autoCapitalize="characters"
                value={each.asset}
                onChange={(event) => put(index, { asset: event.target.value.trim().toUpperCase() })}
              />
            )}
          </Line>
        </div>
      ))}
      <button className="btn small add" type="button" onClick={() => onChange([...purse, { asset: "", amount: "" }])}>
        <Icon name="new" />
        Another asset
      </button>
    </fieldset>
  );
}

/** By which way what it sends and asks leaves this machine: by it or not at all. */
export function Routes({
  draft,
  shown,
  onChange,
}: {
  draft: AccountDraft;
  shown: (field: string) => string | undefined;
  onChange: (part: Partial<AccountDraft>) => void;
}) {
  const { data: routes = [] } = useQuery(routesQuery);
  if (routes.length < 2 && !draft.egress) return null;
  const options = routes.map((each) => (
    <option key={each.name} value={each.name} disabled={!each.exchange_traffic}>
      {each.name}
      {each.status === "down" ? ", does not work now" : ""}
    </option>
  ));
  return (
    <details className="fold" open={draft.egress !== "" || shown("egress") !== undefined}>
      <summary>
        Way out of this machine <span className="faint">optional</span>
      </summary>
      <div className="fields">
        <Line label="Orders leave by" hint="By that route or not at all." error={shown("egress")}>
          {(props) => (
            <select {...props} value={draft.egress} onChange={(event) => onChange({ egress: event.target.value })}>
              <option value="">As the node’s settings say</option>
              {options}
            </select>
          )}
        </Line>
        <Line label="Prices are asked for by" error={shown("market_data_egress")}>
          {(props) => (
            <select
              {...props}
              value={draft.market_data_egress}
              onChange={(event) => onChange({ market_data_egress: event.target.value })}
            >
              <option value="">The same</option>
              {options}
            </select>
          )}
        </Line>
      </div>
    </details>
  );
}

export function Limits({
  limits,
  shown,
  onChange,
}: {
  limits: Record<string, string>;
  shown: (field: string) => string | undefined;
  onChange: (limits: Record<string, string>) => void;
}) {
  const some = LIMITS.some(([name]) => limits[name] || shown(`limits.${name}`));
  return (
    <details className="fold" open={some}>
      <summary>
        Limits on all its automations together <span className="faint">optional</span>
      </summary>
      <div className="fields">
        {LIMITS.map(([name, label, hint]) => (
          <Line key={name} label={label} hint={hint || undefined} error={shown(`limits.${name}`)}>
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                value={limits[name] ?? ""}
                onChange={(event) => onChange({ ...limits, [name]: event.target.value.trim() })}
              />
            )}
          </Line>
        ))}
      </div>
    </details>
  );
}
