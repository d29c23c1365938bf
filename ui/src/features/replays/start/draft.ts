/** What was typed is kept in this tab until the replay is started: a reload or a session that ends loses nothing. */

import type { ReplayDetail, StartReplay } from "@/api/client/types.gen";
import type { FieldErrors } from "@/features/new/config/check";
import { filled } from "@/features/new/config/schema";

export interface ReplayDraft {
  type: string;
  name: string;
  config: Record<string, unknown>;
  budget: string;
  asset: string;
  candles: readonly string[];
  start: string;
  end: string;
  taker_fee: string;
  maker_fee: string;
  slippage: string;
  volume_share: string;
  notes: string;
}

export const EMPTY: ReplayDraft = {
  type: "",
  name: "",
  config: {},
  budget: "",
  asset: "",
  candles: [],
  start: "",
  end: "",
  taker_fee: "",
  maker_fee: "",
  slippage: "",
  volume_share: "",
  notes: "",
};

const KEY = "octobot.draft.replay";

export function readReplayDraft(): ReplayDraft {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    return kept && typeof kept === "object" ? { ...EMPTY, ...kept } : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepReplayDraft(draft: ReplayDraft | null): void {
  try {
    if (draft) sessionStorage.setItem(KEY, JSON.stringify(draft));
    else sessionStorage.removeItem(KEY);
  } catch {
    // A browser that keeps nothing: it is on the page until that is left.
  }
}

/** The asset of the budget: what was written, or the quote of the config's market. */
export function assetOf(draft: ReplayDraft): string {
  const symbol = typeof draft.config["symbol"] === "string" ? draft.config["symbol"] : "";
  return draft.asset || symbol.split("/")[1] || "USD";
}

const AMOUNT = /^\d+(\.\d+)?$/;
const PERCENT = ["taker_fee", "maker_fee", "slippage", "volume_share"] as const;

/** What is wrong with it before the node is asked; the config's fields have a check of their own. */
export function wrongWith(draft: ReplayDraft): FieldErrors {
  const found: FieldErrors = {};
  if (draft.candles.length === 0) found["candles"] = ["Choose the candles that it is replayed on."];
  if (!draft.budget) found["budget"] = ["Give it money to begin with."];
  else if (!AMOUNT.test(draft.budget)) found["budget"] = ["Write a number, with a point."];
  for (const name of PERCENT) {
    if (draft[name] && !AMOUNT.test(draft[name])) found[name] = ["Write percent as a number: 0.1."];
  }
  if (draft.start && draft.end && draft.start >= draft.end) found["end"] = ["It ends after it begins."];
  return found;
}

/** Percent as people write them, as the ratio that the API takes, digit by digit. */
export function ratioOf(percent: string): string {
  const [whole = "0", fraction = ""] = percent.split(".");
  const digits = whole.padStart(3, "0");
  const moved = `${digits.slice(0, -2)}.${digits.slice(-2)}${fraction}`;
  return moved.replace(/^0+(?=\d)/, "").replace(/\.?0+$/, "") || "0";
}

export function bodyOf(draft: ReplayDraft): StartReplay {
  const body: StartReplay = {
    type: draft.type,
    candles: [...draft.candles],
    budget: { [assetOf(draft)]: draft.budget },
    config: (filled(draft.config) ?? {}) as NonNullable<StartReplay["config"]>,
  };
  if (draft.name.trim()) body.name = draft.name.trim();
  if (draft.notes.trim()) body.notes = draft.notes.trim();
  // The field of a browser names no zone: it is UTC here, as everything is.
  if (draft.start) body.start = `${draft.start}:00Z`.replace(/(:\d\d:\d\d):00Z$/, "$1Z");
  if (draft.end) body.end = `${draft.end}:00Z`.replace(/(:\d\d:\d\d):00Z$/, "$1Z");
  for (const name of PERCENT) if (draft[name]) body[name] = ratioOf(draft[name]);
  return body;
}

/** What one automation of a run file is. */
export interface Replayed {
  type: string;
  config: Record<string, unknown>;
  budget: Record<string, string>;
}

/** What a replay was of, out of the run file that it keeps. */
export function replayedOf(replay: Pick<ReplayDetail, "run_file">, automation?: string): Replayed | null {
  const all = replay.run_file["automations"];
  if (!Array.isArray(all)) return null;
  const specs = all as Array<Partial<Replayed> & { name?: string }>;
  const found = specs.find((each) => each.name === automation) ?? specs[0];
  return found?.type ? { type: found.type, config: found.config ?? {}, budget: found.budget ?? {} } : null;
}

/** A new replay of what was replayed before, or of what an automation does now. */
export function draftOf(of: Replayed, more: Partial<ReplayDraft> = {}): ReplayDraft {
  const [money] = Object.entries(of.budget);
  return {
    ...EMPTY,
    type: of.type,
    config: of.config,
    ...(money ? { asset: money[0], budget: money[1] } : {}),
    ...more,
  };
}
