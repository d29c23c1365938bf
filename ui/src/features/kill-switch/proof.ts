import type { ChecklistLine } from "@/api/client/types.gen";

export interface AccountProof {
  account: string;
  orders: number;
  cancelled: number;
  filled: number;
  unknown: number;
  /** Orders of which the exchange has not said yet that they are gone. */
  open: number;
  confirmedAt: string | null;
}

const GONE_UNFILLED = new Set(["cancelled", "refused", "expired", "skipped"]);

/** What each account's exchange confirmed, from the lines of a kill switch. */
export function byAccount(lines: readonly ChecklistLine[]): AccountProof[] {
  const found = new Map<string, AccountProof>();
  for (const line of lines) {
    const row = found.get(line.account) ?? {
      account: line.account,
      orders: 0,
      cancelled: 0,
      filled: 0,
      unknown: 0,
      open: 0,
      confirmedAt: null,
    };
    row.orders += 1;
    if (GONE_UNFILLED.has(line.status)) row.cancelled += 1;
    else if (line.status === "filled") row.filled += 1;
    else if (line.status === "unknown") row.unknown += 1;
    else row.open += 1;
    if (line.confirmed_at && (!row.confirmedAt || line.confirmed_at > row.confirmedAt))
      row.confirmedAt = line.confirmed_at;
    found.set(line.account, row);
  }
  return [...found.values()].sort((a, b) => a.account.localeCompare(b.account));
}
