/** Decimals of a price on an axis. */
export function digitsOf(last: number): number {
  return last >= 100 ? 2 : last >= 1 ? 4 : 6;
}
