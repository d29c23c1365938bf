/** What of an automation is looked at, as its address says it. */

export const TABS = ["chart", "orders", "money", "shadow", "log", "config", "signals"] as const;
export type Tab = (typeof TABS)[number];
export const LEVELS = ["info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

export interface Search {
  tab?: Tab;
  /** The config, in its form. */
  edit?: boolean;
  /** Which of its configs is open. */
  revision?: number;
  /** Of the log: the least level, and what its lines have. */
  level?: Level;
  words?: string;
  /** Of the ledger: one asset alone. */
  asset?: string;
}

export function searched(given: Record<string, unknown>): Search {
  const tab = TABS.find((each) => each === given["tab"]);
  const level = LEVELS.find((each) => each === given["level"]);
  const words = typeof given["words"] === "string" || typeof given["words"] === "number" ? String(given["words"]) : "";
  const asset = typeof given["asset"] === "string" && given["asset"].length <= 64 ? given["asset"] : "";
  const revision = given["revision"];
  return {
    ...(tab && tab !== "chart" ? { tab } : {}),
    ...(tab === "config" && given["edit"] === true ? { edit: true } : {}),
    ...(tab === "config" && Number.isSafeInteger(revision) && Number(revision) > 0
      ? { revision: Number(revision) }
      : {}),
    ...(tab === "log" && level ? { level } : {}),
    ...(tab === "log" && words ? { words: words.slice(0, 128) } : {}),
    ...(tab === "money" && asset ? { asset } : {}),
  };
}
