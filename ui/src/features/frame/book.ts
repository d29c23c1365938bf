/** Live money or play money: they are never added, and never on one page. */

import { useQuery } from "@tanstack/react-query";
import { type Book, usePreference } from "@/parts/preferences";
import { accountsQuery } from "./queries";

export interface Books {
  /** What is shown. */
  shown: Book;
  /** Whether there are accounts of both kinds, so that somebody may choose. */
  both: boolean;
  /** Whether an account, by its name, is of the kind that is shown. */
  holds: (account: string) => boolean;
}

export function useBook(): Books {
  const chosen = usePreference("book");
  const { data: accounts = [] } = useQuery(accountsQuery);
  const paper = new Set(accounts.filter((each) => each.simulated === true).map((each) => each.name));
  const live = accounts.some((each) => each.simulated !== true);
  const both = live && paper.size > 0;
  const shown: Book = both ? (chosen ?? "live") : live ? "live" : "paper";
  return { shown, both, holds: (account) => !both || paper.has(account) === (shown === "paper") };
}
