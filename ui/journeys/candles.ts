/** A file of candles that is made up, as somebody would send it. */

/** Forty days by the hour: a price that swings around one that rises. */
export function candles(): string {
  const rows = Array.from({ length: 960 }, (_, hour) => {
    const price = 40_000 + 4 * hour + 1_500 * Math.sin(hour / 20);
    const at = Date.UTC(2024, 0, 1) + hour * 3_600_000;
    return [at, price, price + 60, price - 60, price + 20, 10].map((each) => String(Math.round(each))).join(",");
  });
  return `timestamp,open,high,low,close,volume\n${rows.join("\n")}\n`;
}
