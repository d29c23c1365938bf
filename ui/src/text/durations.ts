/** Durations as people write them: configs are kept with ISO 8601's, `PT1H30M`, and typed as 1h30m. */

const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d+))?S)?)?$/;

/** 1h30m for `PT1H30M`; what is no duration of ISO 8601 stays as it is. */
export function plainDuration(text: string): string {
  const found = ISO.exec(text);
  if (!found) return text;
  const [, weeks, days, hours, minutes, seconds, fraction] = found;
  const milliseconds = Number((fraction ?? "").padEnd(3, "0").slice(0, 3));
  const pieces = [
    [weeks, "w"],
    [days, "d"],
    [hours, "h"],
    [minutes, "m"],
    [seconds, "s"],
    [milliseconds, "ms"],
  ] as const;
  return (
    pieces
      .filter(([count]) => Number(count ?? 0) > 0)
      .map(([count, unit]) => `${Number(count)}${unit}`)
      .join("") || text
  );
}
