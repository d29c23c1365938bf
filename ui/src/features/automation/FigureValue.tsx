import type { FigureRow } from "@/api/client/types.gen";
import { Money } from "@/parts/Figures";
import * as format from "@/text/format";

/** A figure of a type's own, as its author describes it. */
export function FigureValue({ figure }: { figure: FigureRow }) {
  const { kind, value, unit } = figure;
  if (kind === "money") return <Money value={value} asset={unit} />;
  if (kind === "price") {
    return (
      <>
        {NUMBER.test(value) ? format.price(value) : value}
        {unit && <span className="unit">{unit}</span>}
      </>
    );
  }
  if (kind === "percent" && NUMBER.test(value)) return <>{`${format.amount(value)} %`}</>;
  return <>{shortened(value)}</>;
}

const NUMBER = /^-?\d+(\.\d+)?$/;

/** What a type tells of itself is text; a number in it is shortened as others are. */
export function shortened(value: string): string {
  return /^-?\d+\.\d{3,}$/.test(value) ? format.amount(value) : value.replace(/^-(?=\d)/, format.MINUS);
}
