/** Views that somebody kept: names for addresses of the list. The node keeps them, so that every browser has them. */

import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { changePreferences, readPreferences } from "@/api/client/sdk.gen";
import type { Search } from "@/features/automations/search";
import { preferencesQuery } from "@/features/settings/queries";

export interface View {
  name: string;
  search: Search;
}

type Kept = Record<string, unknown>;

const PAGE = "automations";
const MOST = 24;

/** Those of this page, of all that are kept, by name. */
export function viewsOf(kept: Kept): View[] {
  return Object.entries(kept).flatMap(([name, view]) => {
    if (typeof view !== "object" || view === null || (view as Kept)["page"] !== PAGE) return [];
    const { page: _page, ...search } = view as Kept;
    return [{ name, search: search as Search }];
  });
}

/** All that are kept, with this one, or without one of that name; other pages' stay as they are. */
export function changed(kept: Kept, name: string, search: Search | null): Kept {
  const { [name]: _before, ...others } = kept;
  if (search === null) return others;
  if (viewsOf(others).length >= MOST) throw new Error(`${MOST} views are kept already: forget one first`);
  return { ...others, [name]: { page: PAGE, ...search } };
}

export function useViews(): readonly View[] {
  const { data } = useQuery(preferencesQuery);
  return viewsOf(data?.views ?? {});
}

/** Keep a view under a name, in the place of one that is called so, or forget one with null. */
export function useKeepView() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, search }: { name: string; search: Search | null }) =>
      put(queries, (kept) => changed(kept, name, search)),
  });
}

/** They are written as a whole: what another tab kept a moment ago is read first. */
async function put(queries: QueryClient, change: (kept: Kept) => Kept): Promise<void> {
  const { views } = (await readPreferences()).data;
  const { data } = await changePreferences({ body: { views: change(views) } });
  queries.setQueryData(preferencesQuery.queryKey, data);
}

/** Views that this browser kept before the node did are given to it, once. */
export function useTakeOver(user: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const before = user ? readBefore(user) : [];
    if (before.length === 0) return;
    const all = (kept: Kept) =>
      before.reduce((sum, { name, search }) => (name in sum ? sum : changed(sum, name, search)), kept);
    // Where the node does not take them they stay here, and are given again.
    put(queries, all).then(
      () => localStorage.removeItem(key(user)),
      () => undefined,
    );
  }, [user, queries]);
}

function key(user: string): string {
  return `octobot.views.${user}`;
}

function readBefore(user: string): View[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(user)) ?? "[]");
    return Array.isArray(found) ? (found as View[]).filter((each) => typeof each?.name === "string") : [];
  } catch {
    return [];
  }
}

export function sameView(one: Search, two: Search): boolean {
  const text = (search: Search) => JSON.stringify(Object.entries(search).sort(([a], [b]) => a.localeCompare(b)));
  return text(one) === text(two);
}
