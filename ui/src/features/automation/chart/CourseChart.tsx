import {
  createChart,
  createSeriesMarkers,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "react";
import { Between } from "./Between";
import { baseOptions, colourOptions, coloursOf, localization, onTheme, tickMark } from "./chartTheme";
import type { Point } from "./drawing";

interface Drawn {
  own: readonly Point[];
  /** What it is compared with: holding, or what was given. */
  other: readonly Point[];
  /** When money was given or taken back. */
  deposits: ReadonlyArray<{ time: number; text: string }>;
}

/** What something was worth over time, and beside it what doing nothing would have been. */
export default function CourseChart({ label, ...drawn }: Drawn & { label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const made = new Chart(box.current);
    chart.current = made;
    const forget = onTheme(() => made.recolour());
    return () => {
      forget();
      made.remove();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.draw(drawn));
  return <div className="canvas course" ref={box} role="img" aria-label={label} />;
}

class Chart {
  private readonly chart: IChartApi;
  private readonly own: ISeriesApi<"Line">;
  private readonly other: ISeriesApi<"Line">;
  private readonly between = new Between();
  private readonly marks: ISeriesMarkersPluginApi<Time>;
  private drawn: Drawn | null = null;
  private said = "";

  constructor(private readonly box: HTMLElement) {
    this.chart = createChart(box, {
      ...baseOptions(true),
      timeScale: {
        tickMarkFormatter: tickMark,
        timeVisible: true,
        secondsVisible: false,
        fixLeftEdge: true,
        fixRightEdge: true,
      },
      localization: localization(),
    });
    const options = { priceLineVisible: false, crosshairMarkerVisible: false } as const;
    this.other = this.chart.addSeries(LineSeries, { ...options, lineWidth: 1, lineStyle: LineStyle.Dashed });
    this.own = this.chart.addSeries(LineSeries, { ...options, lineWidth: 2 });
    this.own.attachPrimitive(this.between);
    this.marks = createSeriesMarkers(this.own, []);
    this.recolour();
  }

  remove(): void {
    this.chart.remove();
  }

  recolour(): void {
    const colour = coloursOf(this.box);
    this.chart.applyOptions(colourOptions(colour));
    this.own.applyOptions({ color: colour("--equity") });
    this.other.applyOptions({ color: colour("--holding") });
    this.said = "";
    if (this.drawn) this.draw(this.drawn);
  }

  draw(next: Drawn): void {
    const said = JSON.stringify(next);
    this.drawn = next;
    if (said === this.said) return;
    this.said = said;
    const colour = coloursOf(this.box);
    const { own, other, deposits } = next;
    this.own.setData(own.map((point) => ({ ...point, time: point.time as UTCTimestamp })));
    this.other.setData(other.map((point) => ({ ...point, time: point.time as UTCTimestamp })));
    this.between.show(own, other, colour("--gain-area"), colour("--loss-area"));
    this.marks.setMarkers(
      deposits.map(({ time, text }) => ({
        time: time as UTCTimestamp,
        position: "belowBar" as const,
        shape: "square" as const,
        color: colour("--fg-2"),
        size: 0.6,
        text,
      })),
    );
    this.chart.timeScale().fitContent();
  }
}
