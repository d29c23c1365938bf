import { toDraw } from "@/text/decimal";

const WIDTH = 72;
const HEIGHT = 20;

/** A course, small: its shape and no figures; where nothing was known the line has a gap. */
export function Sparkline({ values }: { values: ReadonlyArray<string | null> | undefined }) {
  const path = values ? pathOf(values.map((each) => (each === null ? null : toDraw(each)))) : "";
  if (!path) return <span className="faint">–</span>;
  return (
    <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export function pathOf(values: ReadonlyArray<number | null>): string {
  const known = values.filter((each) => each !== null);
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  const x = (index: number) => ((index / (values.length - 1)) * WIDTH).toFixed(1);
  const y = (value: number) =>
    (span === 0 ? HEIGHT / 2 : HEIGHT - 1 - ((value - low) / span) * (HEIGHT - 2)).toFixed(1);
  let pen = "M";
  return values
    .map((value, index) => {
      if (value === null) {
        pen = "M";
        return "";
      }
      const step = `${pen}${x(index)} ${y(value)}`;
      pen = "L";
      return step;
    })
    .join("");
}
