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
import * as format from "@/text/format";
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
  digits: number;
}

/** The market in ink, what is one's own in colour. */
export default function PriceChart({
  label,
  small = false,
  whole = false,
  ...drawn
}: Drawn & {
  label: string;
  small?: boolean;
  /** Every line is seen, however far from the price. */
  whole?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const made = new Chart(box.current, small, whole);
    chart.current = made;
    const themes = [matchMedia("(prefers-color-scheme: dark)")];
    const recolour = () => made.recolour();
    const watcher = new MutationObserver(recolour);
    watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    for (const theme of themes) theme.addEventListener("change", recolour);
    return () => {
      watcher.disconnect();
      for (const theme of themes) theme.removeEventListener("change", recolour);
      made.remove();
      chart.current = null;
    };
  }, [small, whole]);
  useEffect(() => chart.current?.draw(drawn));
  return <div className={`canvas ${small ? "small" : ""}`} ref={box} role="img" aria-label={label} />;
}

const LABEL_FONT = '"Inter", system-ui, sans-serif';

class Chart {
  private readonly chart: IChartApi;
  private readonly price: ISeriesApi<"Candlestick">;
  private readonly fills = new FillMarks();
  private equity: ISeriesApi<"Line"> | null = null;
  private lines: Array<ReturnType<ISeriesApi<"Candlestick">["createPriceLine"]>> = [];
  private drawn: Drawn | null = null;
  private fitted = 0;

  constructor(
    private readonly box: HTMLElement,
    private readonly small: boolean,
    whole: boolean,
  ) {
    this.chart = createChart(box, {
      autoSize: true,
      // Its logo would bring a style that the policy refuses: the notice is in the frame's foot.
      layout: { attributionLogo: false, fontFamily: LABEL_FONT, fontSize: 11 },
      handleScroll: !small,
      handleScale: !small,
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 3, minBarSpacing: 1 },
      localization: { locale: "en-GB", priceFormatter: (price: number) => format.price(price) },
    });
    this.price = this.chart.addSeries(CandlestickSeries, {});
    this.price.attachPrimitive(this.fills);
    if (whole) this.price.applyOptions({ autoscaleInfoProvider: this.withLines });
    this.recolour();
  }

  private readonly withLines = (ofCandles: () => AutoscaleInfo | null): AutoscaleInfo | null => {
    const found = ofCandles();
    const prices = this.drawn?.lines.map((line) => line.price) ?? [];
    if (!found?.priceRange || prices.length === 0) return found;
    const { minValue, maxValue } = found.priceRange;
    return {
      ...found,
      priceRange: { minValue: Math.min(minValue, ...prices), maxValue: Math.max(maxValue, ...prices) },
    };
  };

  remove(): void {
    this.chart.remove();
  }

  recolour(): void {
    const colour = coloursOf(this.box);
    this.chart.applyOptions({
      layout: {
        background: { color: colour("--bg") },
        textColor: colour("--fg-3"),
        panes: { separatorColor: colour("--line") },
      },
      grid: { vertLines: { color: colour("--grid-line") }, horzLines: { color: colour("--grid-line") } },
      rightPriceScale: { borderColor: colour("--line-strong") },
      timeScale: { borderColor: colour("--line-strong") },
      crosshair: {
        horzLine: { labelBackgroundColor: colour("--fg") },
        vertLine: { labelBackgroundColor: colour("--fg") },
      },
    });
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

  private paint({ candles, marks, lines, equity, digits }: Drawn): void {
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
    const names = { buy: "--buy", sell: "--sell", stop: "--bad", unknown: "--unknown", average: "--fg-2" } as const;
    this.lines = lines.map((line) =>
      this.price.createPriceLine({
        price: line.price,
        color: line.labelled ? colour(names[line.kind]) : faded(colour(names[line.kind])),
        lineWidth: 1,
        lineStyle:
          line.kind === "stop" || line.kind === "unknown"
            ? LineStyle.Dashed
            : line.kind === "average"
              ? LineStyle.Dotted
              : LineStyle.Solid,
        axisLabelVisible: line.labelled,
        axisLabelTextColor: colour("--bg"),
        title: "",
      }),
    );
    this.paintEquity(equity, colour("--equity"));
    // The first time, and for another length of candles, all of it; afterwards where somebody scrolled to.
    const first = candles[0]?.time ?? 0;
    const length = (candles[1]?.time ?? 0) - first;
    if (length !== this.fitted && candles.length > 1) {
      this.fitted = length;
      const shown = Math.max(40, Math.floor(this.box.clientWidth / (this.small ? 4 : 6)));
      this.chart.timeScale().setVisibleLogicalRange({ from: candles.length - shown, to: candles.length + 3 });
    }
  }

  private paintEquity(equity: readonly Point[], ink: string): void {
    if (this.small || equity.length < 2) return;
    if (!this.equity) {
      this.equity = this.chart.addSeries(
        LineSeries,
        { lineWidth: 2, priceLineVisible: false, crosshairMarkerVisible: false },
        1,
      );
      this.chart.panes()[1]?.setStretchFactor(0.3);
    }
    this.equity.applyOptions({ color: ink });
    this.equity.setData(equity.map((point) => ({ ...point, time: point.time as UTCTimestamp })));
  }
}

function same(a: Drawn, b: Drawn): boolean {
  return (
    a.digits === b.digits &&
    JSON.stringify([a.marks, a.lines, a.equity]) === JSON.stringify([b.marks, b.lines, b.equity])
  );
}

function faded(colour: string): string {
  return colour.replace(/^rgb\((.+)\)$/, "rgba($1, 0.38)");
}

/** Colours of the theme as the canvas needs them: resolved, which `light-dark()` in a custom property is not. */
function coloursOf(box: HTMLElement): (name: string) => string {
  const probe = document.createElement("span");
  box.append(probe);
  const found = new Map<string, string>();
  const resolved = (name: string) => {
    const known = found.get(name);
    if (known) return known;
    probe.style.color = `var(${name})`;
    const colour = getComputedStyle(probe).color;
    found.set(name, colour);
    return colour;
  };
  // Asked for while the probe is there; everything at once, so that it need not stay.
  for (const name of [
    "--bg",
    "--fg",
    "--fg-2",
    "--fg-3",
    "--line",
    "--line-strong",
    "--grid-line",
    "--candle",
    "--buy",
    "--sell",
    "--bad",
    "--unknown",
    "--equity",
  ])
    resolved(name);
  probe.remove();
  return (name) => found.get(name) ?? "rgb(128, 128, 128)";
}
