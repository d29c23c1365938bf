import { useMemo, useRef } from "react";
import type { DrawnCandle, Line, Mark } from "@/features/automation/chart/drawing";
import { useWidth } from "@/parts/charts/useWidth";
import * as format from "@/text/format";
import { LABEL_HEIGHT, type Picture, pictureOf } from "./smallCandles";

const HEIGHT = 162;
const SPAN = 86_400_000;

/** The market in ink, what is one's own in colour: drawn by the page itself, so that the overview waits for no chart library. */
export function SmallChart({
  label,
  candles,
  marks,
  lines,
}: {
  label: string;
  candles: readonly DrawnCandle[];
  marks: readonly Mark[];
  lines: readonly Line[];
}) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 460);
  const picture = useMemo(
    () => pictureOf(candles, marks, lines, { width, height: HEIGHT }),
    [candles, marks, lines, width],
  );
  return (
    <div ref={box} className="small-chart">
      {picture && (
        <svg className="chart candles" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={label}>
          <Axes picture={picture} />
          <path className="wick" d={picture.wicks} />
          <path className="up" d={picture.up} />
          <path className="down" d={picture.down} />
          {picture.lines.map(({ kind, y, labelled }) => (
            <path
              key={`${kind} ${y}`}
              className={`own n-${kind} ${labelled ? "" : "far"}`}
              d={`M0 ${y}H${picture.right}`}
            />
          ))}
          <path className="own n-last" d={`M0 ${picture.last}H${picture.right}`} />
          {picture.fills.map((fill) => (
            <Fills key={`${fill.side} ${fill.x}`} fill={fill} />
          ))}
          <Labels picture={picture} />
        </svg>
      )}
    </div>
  );
}

function Axes({ picture: { prices, times, right, bottom } }: { picture: Picture }) {
  return (
    <>
      {prices.map(({ price, y }) => (
        <g key={price}>
          <path className="g" d={`M0 ${y}H${right}`} />
          <text x={right + 8} y={y + 4}>
            {format.price(price)}
          </text>
        </g>
      ))}
      {times.map(({ at, x }) => (
        <g key={at}>
          <path className="g" d={`M${x} 0V${bottom}`} />
          <text x={x} y={bottom + 17} textAnchor="middle">
            {format.axisTime(new Date(at), (times.at(-1)?.at ?? at) - (times[0]?.at ?? at) + SPAN / 2)}
          </text>
        </g>
      ))}
      <path className="ax" d={`M0 ${bottom}H${right}V0`} fill="none" />
    </>
  );
}

function Fills({ fill }: { fill: Picture["fills"][number] }) {
  return (
    <>
      <path className={`f-${fill.side}`} d={fill.path} />
      {fill.count > 2 && (
        <text
          className={`t-${fill.side}`}
          x={fill.x}
          y={fill.side === "buy" ? fill.y + 20 : fill.y - 13}
          textAnchor="middle"
        >
          {fill.count}
        </text>
      )}
    </>
  );
}

function Labels({ picture: { labels, right } }: { picture: Picture }) {
  return labels.map(({ kind, price, y }) => (
    <g key={`${kind} ${price}`} className={`lab n-${kind}`}>
      <rect x={right} y={y - LABEL_HEIGHT / 2} width={66} height={LABEL_HEIGHT} />
      <text x={right + 8} y={y + 4}>
        {format.price(price)}
      </text>
    </g>
  ));
}
