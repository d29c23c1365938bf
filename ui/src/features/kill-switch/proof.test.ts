import { expect, test } from "vitest";
import type { ChecklistLine } from "@/api/client/types.gen";
import { byAccount } from "./proof";

function line(account: string, status: ChecklistLine["status"], confirmed_at: string | null = null): ChecklistLine {
  return { account, status, confirmed_at } as ChecklistLine;
}

test("what is not confirmed is never counted as gone", () => {
  const lines = [
    line("kraken", "cancelled", "2026-02-01T05:32:10Z"),
    line("kraken", "filled", "2026-02-01T05:32:12Z"),
    line("kraken", "open"),
    line("binance", "unknown"),
    line("binance", "sent"),
  ];
  expect(byAccount(lines)).toEqual([
    { account: "binance", orders: 2, cancelled: 0, filled: 0, unknown: 1, open: 1, confirmedAt: null },
    { account: "kraken", orders: 3, cancelled: 1, filled: 1, unknown: 0, open: 1, confirmedAt: "2026-02-01T05:32:12Z" },
  ]);
});
