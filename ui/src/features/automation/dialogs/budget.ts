/** What a change of a budget is made of, and what the node says that it would come to. */

import { queryOptions } from "@tanstack/react-query";
import { planBudget } from "@/api/client/sdk.gen";
import type { BudgetChanged } from "@/api/client/types.gen";
import { isProblem, type Problem } from "@/api/http";

export type How = "add" | "take" | "set";

export interface Typed {
  how: How;
  asset: string;
  amount: string;
}

export type Amounts = Partial<Record<How, Record<string, string>>>;

const AMOUNT = /^\d+(\.\d+)?$/;

/** What is sent of it, or null where it says nothing yet. */
export function amountsOf({ how, asset, amount }: Typed): Amounts | null {
  if (!AMOUNT.test(amount)) return null;
  // Nothing is no amount to give or take, but one that a budget may be.
  if (how !== "set" && /^[0.]*$/.test(amount)) return null;
  return { [how]: { [asset]: amount } };
}

export function wrongAmount({ amount }: Typed): string[] | undefined {
  if (amount === "" || AMOUNT.test(amount)) return undefined;
  return ["Write a number, with a point and without signs for thousands."];
}

/** How the budget stands or would stand, with the revision that this is of; or what the node says against it. */
export interface PlannedBudget {
  budget: BudgetChanged | null;
  etag: string | null;
  problem: Problem | null;
}

export function planBudgetQuery(id: string, amounts: Amounts | null) {
  return queryOptions({
    queryKey: ["plan-budget", id, amounts],
    staleTime: 5_000,
    gcTime: 30_000,
    async queryFn(): Promise<PlannedBudget> {
      try {
        const { data, response } = await planBudget({ path: { automation: id }, body: amounts ?? {} });
        return { budget: data, etag: response.headers.get("etag"), problem: null };
      } catch (error) {
        // That it is refused is what one wants to know, not a failure to ask.
        if (isProblem(error, "invalid") || isProblem(error, "conflict"))
          return { budget: null, etag: null, problem: error };
        throw error;
      }
    },
  });
}

/** What the node says against the one amount that was typed. */
export function reasonOf(problem: Problem): string {
  const text = problem.fields[0]?.reason ?? problem.message;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
