/** Where a chart's axes have their marks: round values, and round times. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [5, 15, 30].map((minutes) => minutes * MINUTE).concat([1, 3, 6, 12].map((hours) => hours * HOUR));
const DAYS = [1, 2, 4, 7, 14].map((days) => days * DAY);
const MONTHS = [1, 2, 3, 6, 12];

/** Round values between both, `about` of them. */
export function roundValues(least: number, most: number, about: number): number[] {
  if (!(most > least)) return [least];
  const rough = (most - least) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const first = Math.ceil(least / step);
  const count = Math.floor(most / step) - first;
  return Array.from({ length: count + 1 }, (_, index) => (first + index) * step);
}

/** Round times of UTC between both, `most` of them at most: hours, days, or the first of months. */
export function roundTimes(from: number, to: number, most: number): number[] {
  const step = [...STEPS, ...DAYS].find((each) => (to - from) / each <= most);
  if (step) {
    const first = Math.ceil(from / step) * step;
    const count = Math.floor((to - first) / step);
    return count < 0 ? [] : Array.from({ length: count + 1 }, (_, index) => first + index * step);
  }
  for (const months of MONTHS) {
    const found = firstsOfMonths(from, to, months);
    if (found.length <= most || months === 12) return found;
  }
  return [];
}

function firstsOfMonths(from: number, to: number, months: number): number[] {
  const begin = new Date(from);
  const found: number[] = [];
  for (let month = Math.ceil(begin.getUTCMonth() / months) * months; ; month += months) {
    const at = Date.UTC(begin.getUTCFullYear(), month, 1);
    if (at > to) return found;
    if (at >= from) found.push(at);
  }
}

/** How many decimals tell marks of an axis apart. */
export function decimalsOf(marks: readonly number[]): number {
  const step = Math.abs((marks[1] ?? 1) - (marks[0] ?? 0)) || 1;
  for (let digits = 0; digits < 8; digits++) {
    const scaled = step * 10 ** digits;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6 && Math.round(scaled) > 0) return digits;
  }
  return 8;
}
