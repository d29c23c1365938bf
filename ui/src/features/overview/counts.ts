import type { Totals } from "@/api/client/types.gen";
import { sign } from "@/text/decimal";

/** Of an asset that somebody deals in; a basket's coins are in what it is counted in. */
export function counts(row: Totals["rows"][number]): boolean {
  const nothing = [row.equity, row.start_equity, row.realised, row.unrealised].every((each) => sign(each) === 0);
  return row.asset !== "" && !(nothing && row.unpriced.length === 0);
}
