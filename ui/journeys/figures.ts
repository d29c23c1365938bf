/** What a journey measured: printed, and written where FIGURES says, for `python -m benchmarks.dashboard`. */

import { appendFileSync } from "node:fs";

const FILE = process.env["FIGURES"];

export function tell(what: string, value: number | string): void {
  process.stdout.write(`${what}: ${typeof value === "number" ? Math.round(value * 10) / 10 : value}\n`);
  if (FILE) appendFileSync(FILE, `${JSON.stringify([what, value])}\n`);
}

/** The median, and what nineteen of twenty do not exceed. */
export function tellSpread(what: string, values: readonly number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  tell(`${what}, p50`, at(0.5));
  tell(`${what}, p95`, at(0.95));
}
