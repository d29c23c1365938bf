/** What was typed is kept in this tab until it is created: a reload or a session that ends loses nothing. */

export interface Draft {
  name: string;
  account: string;
  asset: string;
  budget: string;
  config: Record<string, unknown>;
}

const EMPTY: Draft = { name: "", account: "", asset: "", budget: "", config: {} };

function key(type: string): string {
  return `octobot.draft.${type}`;
}

export function readDraft(type: string): Draft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key(type)) ?? "null");
    return kept && typeof kept === "object" ? { ...EMPTY, ...kept } : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepDraft(type: string, draft: Draft): void {
  try {
    sessionStorage.setItem(key(type), JSON.stringify(draft));
  } catch {
    // A browser that keeps nothing: it is on the page until that is left.
  }
}

export function forgetDraft(type: string): void {
  try {
    sessionStorage.removeItem(key(type));
  } catch {
    // Nothing was kept.
  }
}
