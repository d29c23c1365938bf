import { type PointerEvent, useId, useMemo, useRef, useState } from "react";
import * as format from "@/text/format";
import { decimalsOf, roundTimes, roundValues } from "./axis";
import { apart, areas, linePath, nearest, scale } from "./curves";
import { useWidth } from "./useWidth";

/** How a line is drawn: one's own, those beside it, and what holding would have brought. */
export type Dress = "a" | "b" | "c" | "d" | "e" | "f" | "holding";

export interface Curve {
  label: string;
  /** What stands at its end: a letter where the legend says the rest. */
  short: string;
  dress: Dress;
  /** For pixels alone. */
  values: ReadonlyArray<number | null>;
  /** What it is at a point, as people read it. */
  said: (index: number) => string;
}

export interface Pane {
  title: string;
  curves: readonly Curve[];
  height: number;
  /** What stands beside its axis, with as many decimals as tell marks apart. */
  write: (value: number, digits: number) => string;
  /** Shade what the first is above and below the last of its curves. */
  shade?: boolean;
  /** A value that is always on the axis, such as nothing. */
  base?: number;
}

const LEFT = 64;
const GAP = 22;
const BOTTOM = 24;

/** Curves over one axis of time, a pane for each kind; pointer and arrow keys tell what was when. */
export function Curves({ label, times, panes }: { label: string; times: readonly number[]; panes: readonly Pane[] }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 720);
  const [point, setPoint] = useState<number | null>(null);
  const right = width < 480 ? 54 : 76;
  const inner: [number, number] = [LEFT, Math.max(LEFT + 40, width - right)];
  const first = times[0] ?? 0;
  const last = times.at(-1) ?? 0;
  const x = scale([first, last], inner);
  const xs = useMemo(() => times.map(scale([first, last], inner)), [times, first, last, inner[0], inner[1]]);
  const marks = roundTimes(first, last, width < 480 ? 3 : 7);
  const tops = panes.map((_, index) => panes.slice(0, index).reduce((sum, pane) => sum + pane.height + GAP, 12));
  const height = panes.reduce((sum, pane) => sum + pane.height + GAP, 12) - GAP + BOTTOM;
  const name = useId();
  function follow(event: PointerEvent<SVGSVGElement>): void {
    const { left, width: seen } = event.currentTarget.getBoundingClientRect();
    setPoint(nearest(xs, ((event.clientX - left) / seen) * width));
  }
  const told = point ?? times.length - 1;
  const said = panes[0]?.curves.map((curve) => `${curve.label} ${curve.said(told)}`).join(", ") ?? "";
  if (times.length === 0) return null;
  return (
    <figure className="curves" ref={box}>
      <p className="legend" aria-hidden="true">
        {panes[0]?.curves.map((curve) => (
          <span key={curve.label} className={`key k-${curve.dress}`}>
            <i />
            <span className="cut">{curve.label}</span> <b className="tnum">{curve.said(told)}</b>
          </span>
        ))}
        <span className="tnum faint when">
          {point === null ? "at the end" : format.dayAndTime(new Date(times[told] ?? 0))}
        </span>
      </p>
      <svg
        className="chart"
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-labelledby={name}
        onPointerMove={follow}
        onPointerLeave={() => setPoint(null)}
      >
        <title id={name}>{label}</title>
        {marks.map((at) => (
          <g key={at}>
            <path className="g" d={`M${x(at)} 12V${height - BOTTOM}`} />
            <text x={x(at)} y={height - 8} textAnchor="middle">
              {format.axisTime(new Date(at), last - first)}
            </text>
          </g>
        ))}
        {panes.map((pane, index) => (
          <PaneLines key={pane.title} pane={pane} top={tops[index] ?? 0} xs={xs} inner={inner} point={point} />
        ))}
        {point !== null && <path className="cross" d={`M${xs[point] ?? 0} 12V${height - BOTTOM}`} />}
      </svg>
      <input
        className="along"
        type="range"
        aria-label={`A point in time of: ${label}`}
        aria-valuetext={`${format.dayAndTime(new Date(times[told] ?? 0))}: ${said}`}
        min={0}
        max={times.length - 1}
        value={told}
        onChange={(event) => setPoint(Number(event.target.value))}
        onBlur={() => setPoint(null)}
      />
    </figure>
  );
}

function PaneLines({
  pane,
  top,
  xs,
  inner,
  point,
}: {
  pane: Pane;
  top: number;
  xs: readonly number[];
  inner: [number, number];
  point: number | null;
}) {
  const known = pane.curves.flatMap((curve) => curve.values.filter((value): value is number => value !== null));
  if (pane.base !== undefined) known.push(pane.base);
  const least = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const room = (most - least || Math.abs(most) || 1) * 0.04;
  const y = scale([least - room, most + room], [top + pane.height, top]);
  const marks = roundValues(least, most, pane.height < 120 ? 2 : 5);
  const digits = decimalsOf(marks);
  const [one] = pane.curves;
  const other = pane.curves.at(-1);
  const shades = useMemo(
    () => (pane.shade && one && other && one !== other ? areas(xs, one.values, other.values, y) : null),
    [pane.shade, one, other, xs, y],
  );
  const ends = apart(
    pane.curves.map((curve) => y(lastKnown(curve.values) ?? least)),
    top,
    13,
  );
  return (
    <g>
      {marks.map((value) => (
        <g key={value}>
          <path className={value === pane.base ? "ax" : "g"} d={`M${inner[0]} ${y(value)}H${inner[1]}`} />
          <text x={inner[0] - 8} y={y(value) + 4} textAnchor="end">
            {pane.write(value, digits)}
          </text>
        </g>
      ))}
      {shades && <path className="above" d={shades.above} />}
      {shades && <path className="below" d={shades.below} />}
      {[...pane.curves].reverse().map((curve) => (
        <path key={curve.label} className={`line l-${curve.dress}`} d={linePath(xs, curve.values, y)} />
      ))}
      {pane.curves.map((curve, index) => (
        <text key={curve.label} className={`t-${curve.dress}`} x={inner[1] + 6} y={(ends[index] ?? 0) + 4}>
          {curve.short}
        </text>
      ))}
      {point !== null &&
        pane.curves.map((curve) => {
          const value = curve.values[point];
          return value === null || value === undefined ? null : (
            <circle key={curve.label} className={`dot d-${curve.dress}`} cx={xs[point]} cy={y(value)} r={3.2} />
          );
        })}
      <text className="pane" x={inner[0]} y={top - 2}>
        {pane.title}
      </text>
    </g>
  );
}

function lastKnown(values: ReadonlyArray<number | null>): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
