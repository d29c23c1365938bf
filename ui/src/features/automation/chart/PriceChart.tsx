import {
  type AutoscaleInfo,
  CandlestickSeries,
  createChart,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "react";
import { Between } from "./Between";
import {
  baseOptions,
  type Colour,
  colourOptions,
  coloursOf,
  faded,
  localization,
  onTheme,
  tickMark,
} from "./chartTheme";
import type { Line, Mark, Point } from "./drawing";
import { FillMarks } from "./FillMarks";

export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
}

interface Drawn {
  candles: readonly Candle[];
  marks: readonly Mark[];
  lines: readonly Line[];
  equity: readonly Point[];
  /** What buying and holding would have been, at the same times. */
  held?: readonly Point[];
  digits: number;
}

const NONE: readonly never[] = [];

/** The market in ink, what is one's own in colour. */
export default function PriceChart({
  label,
  whole = false,
  ...drawn
}: Drawn & {
  label: string;
  /** Every line is seen, however far from the price. */
  whole?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const made = new Chart(box.current, whole);
    chart.current = made;
    const forget = onTheme(() => made.recolour());
    return () => {
      forget();
      made.remove();
      chart.current = null;
    };
  }, [whole]);
  useEffect(() => chart.current?.draw(drawn));
  return <div className="canvas" ref={box} role="img" aria-label={label} />;
}

class Chart {
  private readonly chart: IChartApi;
  private readonly price: ISeriesApi<"Candlestick">;
  private readonly fills = new FillMarks();
  private equity: ISeriesApi<"Line"> | null = null;
  private held: ISeriesApi<"Line"> | null = null;
  private readonly between = new Between();
  private lines: Array<ReturnType<ISeriesApi<"Candlestick">["createPriceLine"]>> = [];
  private drawn: Drawn | null = null;
  private fitted = 0;

  constructor(
    private readonly box: HTMLElement,
    whole: boolean,
  ) {
    this.chart = createChart(box, {
      ...baseOptions(false),
      timeScale: {
        tickMarkFormatter: tickMark,
        timeVisible: true,
        secondsVisible: false,
        rightOffset: 3,
        minBarSpacing: 1,
      },
      localization: localization(),
    });
    this.price = this.chart.addSeries(CandlestickSeries, {});
    this.price.attachPrimitive(this.fills);
    this.price.applyOptions({ autoscaleInfoProvider: whole ? this.withLines : this.withExits });
    this.recolour();
  }

  private readonly withLines = (ofCandles: () => AutoscaleInfo | null) =>
    widened(ofCandles(), this.drawn?.lines ?? [], Number.POSITIVE_INFINITY);

  /** Where it would get out is seen, too, unless it is so far that the candles would be a line. */
  private readonly withExits = (ofCandles: () => AutoscaleInfo | null) =>
    widened(ofCandles(), this.drawn?.lines.filter(({ kind }) => kind === "stop" || kind === "target") ?? [], 1);

  remove(): void {
    this.chart.remove();
  }

  recolour(): void {
    const colour = coloursOf(this.box);
    this.chart.applyOptions(colourOptions(colour));
    const ink = colour("--candle");
    this.price.applyOptions({
      upColor: colour("--bg"),
      downColor: ink,
      borderUpColor: ink,
      borderDownColor: ink,
      wickUpColor: ink,
      wickDownColor: ink,
      priceLineColor: colour("--fg"),
      priceLineStyle: LineStyle.Dotted,
    });
    if (this.drawn) this.paint(this.drawn);
  }

  draw(next: Drawn): void {
    const before = this.drawn;
    this.drawn = next;
    if (before && before.candles === next.candles && same(before, next)) return;
    this.paint(next);
  }

  private paint({ candles, marks, lines, equity, held = NONE, digits }: Drawn): void {
    const colour = coloursOf(this.box);
    this.price.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
    this.price.setData(candles.map((candle) => ({ ...candle, time: candle.time as UTCTimestamp })));
    const ranges = new Map(candles.map((candle) => [candle.time, candle]));
    this.fills.show(
      marks.flatMap((mark) => {
        const candle = ranges.get(mark.time);
        const buys = mark.side === "buy";
        return candle
          ? [{ ...mark, price: buys ? candle.low : candle.high, colour: colour(buys ? "--buy" : "--sell") }]
          : [];
      }),
      colour("--bg"),
    );
    for (const line of this.lines) this.price.removePriceLine(line);
    this.lines = lines.map((line) =>
      this.price.createPriceLine({
        price: line.price,
        color: line.labelled ? colour(COLOURS[line.kind]) : faded(colour(COLOURS[line.kind])),
        lineWidth: 1,
        lineStyle: STYLES[line.kind],
        axisLabelVisible: line.labelled,
        axisLabelTextColor: colour("--bg"),
        title: line.title ?? "",
      }),
    );
    this.paintEquity(equity, held, colour);
    // The first time, and for another length of candles, all of it; afterwards where somebody scrolled to.
    const first = candles[0]?.time ?? 0;
    const length = (candles[1]?.time ?? 0) - first;
    if (length !== this.fitted && candles.length > 1) {
      this.fitted = length;
      const shown = Math.max(40, Math.floor(this.box.clientWidth / 6));
      this.chart.timeScale().setVisibleLogicalRange({ from: candles.length - shown, to: candles.length + 3 });
    }
  }

  /** Its value, what holding would be beside it, and the difference between them shaded. */
  private paintEquity(equity: readonly Point[], held: readonly Point[], colour: Colour): void {
    if (equity.length < 2) return;
    if (!this.equity || !this.held) {
      const options = { priceLineVisible: false, crosshairMarkerVisible: false } as const;
      this.held = this.chart.addSeries(LineSeries, { ...options, lineWidth: 1, lineStyle: LineStyle.Dashed }, 1);
      this.equity = this.chart.addSeries(LineSeries, { ...options, lineWidth: 2 }, 1);
      this.equity.attachPrimitive(this.between);
      this.chart.panes()[1]?.setStretchFactor(0.3);
    }
    this.equity.applyOptions({ color: colour("--equity") });
    this.held.applyOptions({ color: colour("--holding"), lastValueVisible: held.length > 0 });
    this.equity.setData(equity.map((point) => ({ ...point, time: point.time as UTCTimestamp })));
    this.held.setData(held.map((point) => ({ ...point, time: point.time as UTCTimestamp })));
    this.between.show(equity, held, colour("--gain-area"), colour("--loss-area"));
  }
}

const COLOURS = {
  buy: "--buy",
  sell: "--sell",
  stop: "--bad",
  target: "--sell",
  level: "--fg-2",
  unknown: "--unknown",
  average: "--fg-2",
} as const satisfies Record<Line["kind"], string>;

const STYLES = {
  buy: LineStyle.Solid,
  sell: LineStyle.Solid,
  stop: LineStyle.Dashed,
  target: LineStyle.LargeDashed,
  level: LineStyle.Dashed,
  unknown: LineStyle.Dashed,
  average: LineStyle.Dotted,
} as const satisfies Record<Line["kind"], LineStyle>;

/** A range that has these prices, too, those that are at most `most` times its height away. */
function widened(found: AutoscaleInfo | null, lines: readonly Line[], most: number): AutoscaleInfo | null {
  if (!found?.priceRange) return found;
  const { minValue, maxValue } = found.priceRange;
  const room = most * (maxValue - minValue);
  const prices = lines
    .map(({ price }) => price)
    .filter((price) => price >= minValue - room && price <= maxValue + room);
  return {
    ...found,
    priceRange: { minValue: Math.min(minValue, ...prices), maxValue: Math.max(maxValue, ...prices) },
  };
}

function same(a: Drawn, b: Drawn): boolean {
  return (
    a.digits === b.digits &&
    JSON.stringify([a.marks, a.lines, a.equity, a.held]) === JSON.stringify([b.marks, b.lines, b.equity, b.held])
  );
}
