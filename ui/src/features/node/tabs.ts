/** The parts of the node's page; apart from it, which an address alone must not load. */
export const NODE_TABS = ["nodes", "tentacles", "health", "settings"] as const;
export type NodeTab = (typeof NODE_TABS)[number];
