/** What of the automations is looked at, as the address says it: so that a view can be kept, and given to somebody. */

import type { AutomationRow } from "@/api/client/types.gen";
import type { Filter, Order, Sort } from "./queries";

type Status = AutomationRow["status"];

export const STATUSES: readonly Status[] = [
  "failed",
  "held",
  "waiting",
  "active",
  "completing",
  "stopping",
  "paused",
  "stopped",
  "completed",
];

const SORTS: readonly Sort[] = [
  "created",
  "name",
  "status",
  "since",
  "type",
  "symbol",
  "account",
  "start",
  "equity",
  "realised",
  "unrealised",
  "pnl",
  "pnl_ratio",
  "today",
  "next_run",
  "last_run",
];

export interface Search extends Order {
  /** One status, or several with commas between them. */
  status?: string;
  type?: string;
  account?: string;
  symbol?: string;
  tag?: string;
  search?: string;
  /** Which columns, with commas between them; without it those that fit. */
  columns?: string;
}

export function searched(given: Record<string, unknown>): Search {
  const text = (name: string) => {
    const value = given[name];
    const found = typeof value === "string" || typeof value === "number" ? String(value).trim() : "";
    return found !== "" && found.length <= 128 ? { [name]: found } : {};
  };
  const status = statusesOf(typeof given["status"] === "string" ? given["status"] : "").join(",");
  const sort = SORTS.find((each) => each === given["sort"]);
  const columns =
    typeof given["columns"] === "string" && /^[a-z_,0-9]{1,256}$/.test(given["columns"]) ? given["columns"] : "";
  return {
    ...(status ? { status } : {}),
    ...text("type"),
    ...text("account"),
    ...text("symbol"),
    ...text("tag"),
    ...text("search"),
    ...(sort ? { sort } : {}),
    ...(given["descending"] === true ? { descending: true } : {}),
    ...(columns ? { columns } : {}),
  };
}

export function statusesOf(text: string): Status[] {
  const named = new Set(text.split(","));
  return STATUSES.filter((each) => named.has(each));
}

/** What is asked of the node: `paper` where there is money of both kinds. */
export function filterOf(search: Search, paper: boolean | undefined): Filter {
  const { status, type, account, symbol, tag, search: words } = search;
  return {
    ...(status ? { status: statusesOf(status) } : {}),
    ...(type ? { type } : {}),
    ...(account ? { account } : {}),
    ...(symbol ? { symbol } : {}),
    ...(tag ? { tag: [tag] } : {}),
    ...(words ? { search: words } : {}),
    ...(paper === undefined ? {} : { paper }),
  };
}

export function orderOf({ sort, descending }: Search): Order {
  return { ...(sort ? { sort } : {}), ...(descending ? { descending } : {}) };
}

export function isNarrowed({ status, type, account, symbol, tag, search }: Search): boolean {
  return Boolean(status || type || account || symbol || tag || search);
}
