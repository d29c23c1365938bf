import type { AccountRow } from "@/api/client/types.gen";

/** Whether it begins with a twin on paper: asked where it would trade on an exchange. */
export function WithShadow({
  account,
  on,
  onChange,
}: {
  account: Pick<AccountRow, "simulated"> | null;
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  if (account?.simulated !== false) return null;
  return (
    <label className="opt">
      <input className="check" type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
      <span>
        <b>With a shadow</b>
        <br />
        <span className="muted">
          A twin on paper decides at the same prices and sends nothing: it shows what the exchange costs.
        </span>
      </span>
    </label>
  );
}
