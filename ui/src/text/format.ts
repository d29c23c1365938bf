/** Numbers and times for people: the browser's locale, U+2212 for minus, times in UTC unless said otherwise. */

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

/** A ratio as a percentage: -0.1285 is −12.85 %. */
export function ratio(value: Decimal): string {
  const percent = multiply(value, "100");
  return `${written(percent, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" })} %`;
}

/** Of a figure as it is written: what is rounded to nothing has no sign, and so no colour either. */
export function gainOrLoss(written: string): "gain" | "loss" | "" {
  return written.startsWith("+") ? "gain" : written.startsWith(MINUS) ? "loss" : "";
}

// Times ---------------------------------------------------------------------------------------------------------------

const UTC = { timeZone: "UTC" } as const;
const clock = new Intl.DateTimeFormat("en-GB", { ...UTC, hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", {
  ...UTC,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const dayMonth = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat("en-GB", { ...UTC, day: "numeric", month: "short", year: "numeric" });

export function timeOfDay(at: Date): string {
  return clockSeconds.format(at);
}

export function day(at: Date, now: Date): string {
  return (at.getUTCFullYear() === now.getUTCFullYear() ? dayMonth : dayMonthYear).format(at);
}

/** The shortest text that is not mistaken for another time: 05:32 of today, 3 Jan 05:32 of this year. */
export function moment(at: Date, now: Date): string {
  const sameDay = at.toISOString().slice(0, 10) === now.toISOString().slice(0, 10);
  return sameDay ? clock.format(at) : `${day(at, now)} ${clock.format(at)}`;
}

/** A short time, such as 0.31 s: as many digits as say something. */
export function seconds(value: number): string {
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
