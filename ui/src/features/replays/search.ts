/** What a replay's address says; apart from its page, which an address alone must not load. */
export const REPLAY_TABS = ["report", "fills", "log"] as const;
export type ReplayTab = (typeof REPLAY_TABS)[number];

export interface ReplaySearch {
  tab?: ReplayTab;
  automation?: string;
}
