/** Exact arithmetic on amounts as the API writes them: strings of plain digits. No amount ever becomes a float here. */

const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/;

export type Decimal = string;

interface Parts {
  digits: bigint;
  scale: number;
}

function parts(value: Decimal): Parts {
  const found = PLAIN.exec(value);
  if (!found) throw new Error(`${JSON.stringify(value)} is not an amount`);
  const fraction = found[3] ?? "";
  const digits = BigInt(`${found[2]}${fraction}`);
  return { digits: found[1] ? -digits : digits, scale: fraction.length };
}

function text({ digits, scale }: Parts): Decimal {
  const negative = digits < 0n;
  const all = (negative ? -digits : digits).toString().padStart(scale + 1, "0");
  const whole = all.slice(0, all.length - scale);
  const fraction = all.slice(all.length - scale).replace(/0+$/, "");
  const plain = fraction ? `${whole}.${fraction}` : whole;
  return negative && digits !== 0n ? `-${plain}` : plain;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const one = parts(a);
  const two = parts(b);
  const scale = Math.max(one.scale, two.scale);
  return [one.digits * 10n ** BigInt(scale - one.scale), two.digits * 10n ** BigInt(scale - two.scale), scale];
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return text({ digits: x + y, scale });
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  const [x, y, scale] = aligned(a, b);
  return text({ digits: x - y, scale });
}

export function negated(value: Decimal): Decimal {
  return subtract("0", value);
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  const one = parts(a);
  const two = parts(b);
  return text({ digits: one.digits * two.digits, scale: one.scale + two.scale });
}

export function sum(values: Iterable<Decimal>): Decimal {
  let total = "0";
  for (const value of values) total = add(total, value);
  return total;
}

/** -1, 0 or 1, as `a` is less than, equal to or more than `b`. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [x, y] = aligned(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

export function sign(value: Decimal): -1 | 0 | 1 {
  return compare(value, "0");
}

/** How much more `a` is than `b`, in hundredths of a percent, rounded half away from zero; null where `b` is nothing. */
export function basisPoints(a: Decimal, b: Decimal): number | null {
  const [x, y] = aligned(a, b);
  if (y === 0n) return null;
  const magnitude = y < 0n ? -y : y;
  const scaled = (x - y) * 10_000n;
  const half = scaled < 0n ? -(magnitude / 2n) : magnitude / 2n;
  return Number((scaled + half) / magnitude);
}

/** For drawing only: a chart has pixels, and no money. */
export function toDraw(value: Decimal): number {
  return Number(value);
}
