/** The address of a table as a CSV file, of a period. */

import { dayAfter } from "./queries";

export type What = "tax" | "fills" | "orders" | "ledger";

export interface Wanted {
  what: What;
  account: string;
  /** Live and play money are never in one file. */
  paper: boolean;
  since: string;
  until: string;
}

export function addressOf({ what, account, paper, since, until }: Wanted): string {
  const query = new URLSearchParams();
  if (account) query.set("account", account);
  query.set("paper", String(paper));
  if (since) query.set("since", `${since}T00:00:00Z`);
  if (until) query.set("until", dayAfter(until));
  return `/api/v1/exports/${what}?${query}`;
}
