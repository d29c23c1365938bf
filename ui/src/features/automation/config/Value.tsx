import { plainDuration } from "@/text/durations";
import * as format from "@/text/format";

const DIGITS = /^-?\d{4,}(\.\d+)?$/;

/** A setting as people write it: what is off is said, a duration is 1d, digits are grouped. */
export function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined || value === "") return <span className="faint">–</span>;
  if (typeof value === "boolean") return <>{value ? "yes" : "no"}</>;
  if (typeof value === "object") return <span className="mono small">{JSON.stringify(value)}</span>;
  const text = String(value);
  return <>{DIGITS.test(text) ? format.exact(text) : plainDuration(text)}</>;
}
