/** Paths of a chart: lines that break where nothing is known, and the areas between two of them. */

export type Scale = (value: number) => number;

export function scale(from: readonly [number, number], to: readonly [number, number]): Scale {
  const [a, b] = from;
  const [x, y] = to;
  const by = b === a ? 0 : (y - x) / (b - a);
  return (value) => x + (value - a) * by;
}

const at = (number: number) => number.toFixed(1);

export function linePath(xs: readonly number[], values: ReadonlyArray<number | null>, y: Scale): string {
  let path = "";
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${at(xs[index] ?? 0)} ${at(y(value))}`;
    pen = true;
  });
  return path;
}

/** Where the first is above the second, and where it is below: a polygon for each stretch, cut where they cross. */
export function areas(
  xs: readonly number[],
  first: ReadonlyArray<number | null>,
  second: ReadonlyArray<number | null>,
  y: Scale,
): { above: string; below: string } {
  const paths = { above: "", below: "" };
  let upper: string[] = [];
  let lower: string[] = [];
  let side = 0;
  const close = () => {
    if (side !== 0 && upper.length > 1) {
      paths[side > 0 ? "above" : "below"] += `M${upper.join("L")}L${lower.reverse().join("L")}Z`;
    }
    upper = [];
    lower = [];
    side = 0;
  };
  for (let index = 0; index < xs.length; index++) {
    const [a, b, x] = [first[index] ?? null, second[index] ?? null, xs[index] ?? 0];
    if (a === null || b === null) {
      close();
      continue;
    }
    const now = Math.sign(a - b);
    if (side !== 0 && now !== 0 && now !== side) {
      const [a0, b0, x0] = [first[index - 1] as number, second[index - 1] as number, xs[index - 1] as number];
      const part = (a0 - b0) / (a0 - b0 - (a - b));
      const crossing = `${at(x0 + (x - x0) * part)} ${at(y(a0 + (a - a0) * part))}`;
      upper.push(crossing);
      lower.push(crossing);
      close();
      upper.push(crossing);
      lower.push(crossing);
    }
    upper.push(`${at(x)} ${at(y(a))}`);
    lower.push(`${at(x)} ${at(y(b))}`);
    if (now !== 0) side = now;
  }
  close();
  return paths;
}

/** The position of what is nearest. */
export function nearest(sorted: readonly number[], wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  const before = sorted[low - 1];
  const found = sorted[low];
  return before !== undefined && found !== undefined && wanted - before < found - wanted ? low - 1 : low;
}

/** Labels beside the ends of lines, moved apart as little as keeps them from covering each other. */
export function apart(wanted: readonly number[], least: number, distance: number): number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  const found = [...wanted];
  let before = least - distance;
  for (const { y, index } of order) {
    before = Math.max(y, before + distance);
    found[index] = before;
  }
  return found;
}
