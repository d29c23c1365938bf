import type { ExchangeOfferRow, ExchangeRow } from "@/api/client/types.gen";

/** What an option of the list stands for: a connector, and which of its exchanges. */
export function placeOf(use: string, offer: string): string {
  return `${use} ${offer}`;
}

export function pricesOf({ market_data }: ExchangeOfferRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(market_data).filter(([name]) => name !== "use"));
}

export function offersOf(exchanges: readonly ExchangeRow[], source: string): ExchangeOfferRow[] {
  return exchanges.flatMap((each) => each.offers).filter((each) => each.market_data["use"] === source);
}

export function isPartOf(part: Record<string, unknown>, all: Record<string, unknown>): boolean {
  return Object.entries(part).every(([name, value]) => all[name] === value);
}
