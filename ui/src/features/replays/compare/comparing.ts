/** Several replays beside each other, as they are or as differences to the first. */

import type { Comparison } from "@/api/client/types.gen";
import type { Curve, Dress } from "@/parts/charts/Curves";
import { subtract, toDraw } from "@/text/decimal";
import * as format from "@/text/format";

export const LETTERS = ["A", "B", "C", "D", "E", "F"] as const;
const DRESSES: readonly Dress[] = ["a", "b", "c", "d", "e", "f"];

type Values = ReadonlyArray<string | null>;

/** What each is more than the first, where both are known. */
export function lessFirst(values: Values, first: Values): Array<string | null> {
  return values.map((value, index) => {
    const other = first[index] ?? null;
    return value === null || other === null ? null : subtract(value, other);
  });
}

function curve(label: string, short: string, dress: Dress, values: Values, by: 1 | -1 = 1): Curve {
  return {
    label,
    short,
    dress,
    values: values.map((each) => (each === null ? null : by * 100 * toDraw(each))),
    said(index) {
      const value = values[index] ?? null;
      return value === null ? "not known" : format.ratio(value, { signed: by === 1 });
    },
  };
}

export function resultCurves(comparison: Comparison, difference: boolean): Curve[] {
  const { replays } = comparison;
  const first = replays[0]?.results ?? [];
  const shown = replays.map((each, index) =>
    curve(
      `${LETTERS[index]} ${each.name}`,
      LETTERS[index] ?? "",
      DRESSES[index] ?? "f",
      difference ? lessFirst(each.results, first) : each.results,
    ),
  );
  const holding = sameHolding(comparison);
  if (!holding) return shown;
  return [...shown, curve("Holding", "Holding", "holding", difference ? lessFirst(holding, first) : holding)];
}

export function drawdownCurves({ replays }: Comparison): Curve[] {
  return replays.map((each, index) =>
    curve(`${LETTERS[index]} ${each.name}`, "", DRESSES[index] ?? "f", each.drawdowns, -1),
  );
}

/** Holding is drawn once where it came to the same for all; of curves each has points of its own, so the ends decide. */
function sameHolding({ replays }: Comparison): Values | null {
  const [first, ...others] = replays.map((each) => each.holding);
  if (!first) return null;
  return others.every((each) => each && end(each) === end(first)) ? first : null;
}

function end(values: Values): string | null {
  return values.findLast((each) => each !== null) ?? null;
}
