/** Numbers and times for people: the browser's locale, U+2212 for minus, times in UTC unless somebody chose another zone. */

import { basisPoints, type Decimal, multiply } from "./decimal";

export const MINUS = "\u2212";
export const HIDDEN = "\u2022\u2022\u2022\u2022\u2022";

const locale = typeof navigator === "undefined" ? "en" : navigator.language;
const formats = new Map<string, Intl.NumberFormat>();

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.NumberFormat(locale, options);
    formats.set(key, found);
  }
  return found;
}

function written(value: Decimal | number, options: Intl.NumberFormatOptions): string {
  // Intl takes a string of digits as it is, to the last one.
  return numberFormat(options)
    .format(value as number)
    .replace("-", MINUS);
}

/** Assets that are counted in cents; the others by significant digits. */
const CENTS = /^(USD[A-Z]?|EUR|GBP|CHF|CAD|AUD|DAI|TUSD|BUSD|FDUSD)$/;

/** Money of an asset: two decimals for what is counted in cents, more where the amount is small. */
export function money(value: Decimal, asset: string, options: { signed?: boolean } = {}): string {
  const signDisplay = options.signed ? "exceptZero" : "auto";
  if (CENTS.test(asset)) {
    return written(value, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay });
  }
  return written(value, { maximumSignificantDigits: 6, signDisplay });
}

/** An amount of a base asset: five significant digits. */
export function amount(value: Decimal): string {
  return written(value, { maximumSignificantDigits: 5 });
}

/** A price: as many decimals as tell neighbours apart. */
export function price(value: Decimal | number): string {
  const magnitude = Math.abs(Number(value));
  if (magnitude >= 1)
    return written(value, { minimumFractionDigits: 2, maximumFractionDigits: magnitude >= 100 ? 2 : 4 });
  return written(value, { maximumSignificantDigits: 5 });
}

/** Every digit there is. */
export function exact(value: Decimal): string {
  return written(value, { maximumFractionDigits: 20 });
}

export function count(value: number): string {
  return written(value, { maximumFractionDigits: 0 });
}

/** How much `now` is more or less than `before`, such as +1.70 %; null where that says nothing. */
export function change(now: Decimal, before: Decimal): string | null {
  const points = basisPoints(now, before);
  if (points === null) return null;
  return `${written(points / 100, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" })} %`;
}

export function percent(value: number, digits = 1): string {
  return `${written(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" })} %`;
}

/** A ratio as the API tells it: -0.1285 is −12.85 %, and 0.017 is +1.70 %. */
export function ratio(value: Decimal, options: { signed: boolean } = { signed: true }): string {
  const signDisplay = options.signed ? "exceptZero" : "auto";
  const written100 = written(multiply(value, "100"), {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
    signDisplay,
  });
  return `${written100} %`;
}

/** A figure without a unit, such as a Sharpe ratio. */
export function plain(value: Decimal, options: { signed?: boolean } = {}): string {
  return written(value, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
    signDisplay: options.signed ? "exceptZero" : "auto",
  });
}

/** A part of one: 0.31 is 31 %. */
export function share(value: number): string {
  return `${written(value * 100, { maximumFractionDigits: 0 })} %`;
}

/** How many, or how many more. */
export function whole(value: Decimal, options: { signed?: boolean } = {}): string {
  return written(value, { maximumFractionDigits: 0, signDisplay: options.signed ? "exceptZero" : "auto" });
}

/** A number beside an axis. */
export function axisNumber(value: number, digits = 0): string {
  return written(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Of a figure as it is written: what is rounded to nothing has no sign, and so no colour either. */
export function gainOrLoss(written: string): "gain" | "loss" | "" {
  return written.startsWith("+") ? "gain" : written.startsWith(MINUS) ? "loss" : "";
}

// Times ---------------------------------------------------------------------------------------------------------------

let times = inZone("UTC");

function inZone(timeZone: string) {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  return {
    zone: timeZone,
    clock: format(clock),
    clockSeconds: format({ ...clock, second: "2-digit" }),
    month: format({ month: "short" }),
    dayMonth: format({ day: "numeric", month: "short" }),
    dayMonthYear: format({ day: "numeric", month: "short", year: "numeric" }),
    monthYear: format({ month: "short", year: "numeric" }),
    // Of Sweden: 2026-02-01, which sorts and compares.
    date: new Intl.DateTimeFormat("sv-SE", { timeZone }),
  };
}

/** Tell times in another zone from now on; one that this browser does not know is UTC. */
export function setZone(zone: string): void {
  if (zone === times.zone) return;
  try {
    times = inZone(zone);
  } catch {
    times = inZone("UTC");
  }
}

/** What to write beside times: UTC, or the place that the zone is named after. */
export function zoneName(): string {
  return (times.zone.split("/").at(-1) ?? times.zone).replaceAll("_", " ");
}

export function timeOfDay(at: Date): string {
  return times.clockSeconds.format(at);
}

/** 05:32. */
export function clock(at: Date): string {
  return times.clock.format(at);
}

/** The day that a time is of, as 2026-02-01. */
export function date(at: Date): string {
  return times.date.format(at);
}

export function day(at: Date, now: Date): string {
  return (date(at).slice(0, 4) === date(now).slice(0, 4) ? times.dayMonth : times.dayMonthYear).format(at);
}

/** The shortest text that is not mistaken for another time: 05:32 of today, 3 Jan 05:32 of this year. */
export function moment(at: Date, now: Date): string {
  return date(at) === date(now) ? clock(at) : `${day(at, now)} ${clock(at)}`;
}

/** A time that is not of today: 21 Jan 2022 04:00. */
export function dayAndTime(at: Date): string {
  return `${times.dayMonthYear.format(at)} ${clock(at)}`;
}

/** What stands below an axis of time: the clock of hours, days of months, months of years. */
export function axisTime(at: Date, span: number): string {
  if (span < 2 * 86_400_000) return clock(at);
  return (span < 300 * 86_400_000 ? times.dayMonth : times.monthYear).format(at);
}

const utcMonth = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", month: "short", year: "numeric" });

/** A mark of a chart, by how coarse it is: 0 a year, 1 a month, 2 a day, then a time of day. */
export function tick(at: Date, kind: number): string {
  if (kind === 0) return date(at).slice(0, 4);
  return kind === 1 ? times.month.format(at) : kind === 2 ? times.dayMonth.format(at) : clock(at);
}

/** A month as the API names it: 2022-01 is Jan 2022. */
export function month(name: string): string {
  return utcMonth.format(new Date(`${name}-01T00:00:00Z`));
}

/** 2.4 MB. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${written(value, { maximumFractionDigits: unit === 0 || value >= 100 ? 0 : 1 })} ${units[unit]}`;
}

/** A short time, such as 0.31 s: as many digits as say something. */
export function seconds(value: number): string {
  if (value < 0.1) return `${written(value * 1000, { maximumFractionDigits: 0 })} ms`;
  return `${written(value, { maximumSignificantDigits: 2 })} s`;
}

/** 41 s, 12 min, 7 h 9 min, 3 d 4 h: two units at most. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}
