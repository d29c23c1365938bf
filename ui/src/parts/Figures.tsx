import type { Decimal } from "@/text/decimal";
import * as format from "@/text/format";
import { usePreference } from "./preferences";

/** Money with its asset, or dots where amounts are hidden. */
export function Money({ value, asset, unit = true }: { value: Decimal; asset: string; unit?: boolean }) {
  const hidden = usePreference("hidden");
  return (
    <>
      <span title={hidden ? undefined : `${format.exact(value)} ${asset}`}>
        {hidden ? format.HIDDEN : format.money(value, asset)}
      </span>
      {unit && <span className="unit">{asset}</span>}
    </>
  );
}

/** What was won or lost: always with its sign, so that colour is never alone. */
export function Result({ value, asset, unit = false }: { value: Decimal; asset: string; unit?: boolean }) {
  const hidden = usePreference("hidden");
  if (hidden) return <>{format.HIDDEN}</>;
  const text = format.money(value, asset, { signed: true });
  return (
    <>
      <span className={format.gainOrLoss(text)} title={`${format.exact(value)} ${asset}`}>
        {text}
      </span>
      {unit && <span className="unit">{asset}</span>}
    </>
  );
}

/** An amount of what is traded. */
export function Amount({ value, asset }: { value: Decimal; asset?: string }) {
  const hidden = usePreference("hidden");
  return (
    <>
      <span title={hidden ? undefined : format.exact(value)}>{hidden ? format.HIDDEN : format.amount(value)}</span>
      {asset && <span className="unit">{asset}</span>}
    </>
  );
}

export function Change({ now, before }: { now: Decimal; before: Decimal }) {
  const found = format.change(now, before);
  return found === null ? null : <span className="faint">{found}</span>;
}

/** What is not known is said so, never drawn as nothing. */
export function NotKnown({ what = "not known" }: { what?: string }) {
  return <span className="unk">{what}</span>;
}

export function Moment({ at, now }: { at: string; now: Date }) {
  const date = new Date(at);
  return (
    <time dateTime={at} title={`${date.toISOString().slice(0, 19).replace("T", " ")} UTC`}>
      {format.moment(date, now)}
    </time>
  );
}
