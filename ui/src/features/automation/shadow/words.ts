import type { ShadowPair, ShadowSide } from "@/api/client/types.gen";
import type { Decimal } from "@/text/decimal";
import * as format from "@/text/format";

/** What became of the two of a pair. */
export const OUTCOMES: Record<ShadowPair["outcome"], string> = {
  both: "Filled on both",
  missed: "Missed: filled on paper alone",
  live_only: "Filled live alone",
  waits: "One is filled, the other waits",
  neither: "Neither is filled",
  unknown: "Not known what became of the live one",
  live_alone: "Decided live alone",
  paper_alone: "Decided on paper alone",
};

/** Basis points with their sign; above 0 is worse than paper. */
export function bps(value: Decimal): string {
  return `${format.plain(value, { signed: true })} bp`;
}

/** How much later than paper, or sooner. */
export function later(milliseconds: number): string {
  if (milliseconds === 0) return "at the same time";
  const apart = Math.abs(milliseconds);
  const said = apart < 1_000 ? `${format.count(apart)} ms` : format.span(apart);
  return `${said} ${milliseconds > 0 ? "later" : "sooner"}`;
}

/** Why a side has nothing executed, in a few words. */
export function nothing(side: ShadowSide): string {
  return side.reason ? `${side.status}: ${side.reason}` : side.status;
}
