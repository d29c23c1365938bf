import { plainDuration } from "@/text/durations";
import * as format from "@/text/format";

const DIGITS = /^-?\d{4,}(\.\d+)?$/;

/** A setting as people write it: what is off is said, a duration is 1d, digits are grouped. */
export function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined || value === "") return <span className="faint">–</span>;
  if (typeof value === "boolean") return <>{value ? "yes" : "no"}</>;
  if (Array.isArray(value)) return <>{value.map(inWords).join("; ")}</>;
  if (typeof value === "object") return <>{inWords(value)}</>;
  const text = String(value);
  return <>{DIGITS.test(text) ? format.exact(text) : plainDuration(text)}</>;
}

/** What is in a list, in a line: names with their values, what is off left out. */
function inWords(value: unknown): string {
  if (value === null || typeof value !== "object") return plainDuration(String(value));
  return Object.entries(value)
    .filter(([, each]) => each !== null && each !== "")
    .map(([name, each]) => `${name.replaceAll("_", " ")} ${typeof each === "object" ? inWords(each) : String(each)}`)
    .join(", ");
}
