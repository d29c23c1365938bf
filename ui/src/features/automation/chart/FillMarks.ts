import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";

export interface Placed {
  time: number;
  side: "buy" | "sell";
  count: number;
  /** The candle's low under which a purchase is drawn, its high above which a sale is. */
  price: number;
  colour: string;
}

const AWAY = 5;

/** Own fills as the triangles that they are everywhere else; three or more in a candle are larger, with their number. */
export class FillMarks implements ISeriesPrimitive<Time> {
  private attachedTo: SeriesAttachedParameter<Time, "Candlestick"> | null = null;
  private marks: readonly Placed[] = [];
  private halo = "";
  private readonly views: readonly IPrimitivePaneView[] = [{ zOrder: () => "top", renderer: () => this.renderer() }];

  attached(parameters: SeriesAttachedParameter<Time>): void {
    this.attachedTo = parameters as SeriesAttachedParameter<Time, "Candlestick">;
  }

  detached(): void {
    this.attachedTo = null;
  }

  show(marks: readonly Placed[], halo: string): void {
    this.marks = marks;
    this.halo = halo;
    this.attachedTo?.requestUpdate();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  private renderer(): IPrimitivePaneRenderer | null {
    const at = this.attachedTo;
    if (!at) return null;
    const scale = at.chart.timeScale();
    const placed = this.marks.flatMap((mark) => {
      const x = scale.timeToCoordinate(mark.time as UTCTimestamp);
      const y = at.series.priceToCoordinate(mark.price);
      return x === null || y === null ? [] : [{ ...mark, x: Number(x), y: Number(y) }];
    });
    return {
      draw: (target) =>
        target.useMediaCoordinateSpace(({ context }) => {
          for (const mark of placed) triangle(context, mark, this.halo);
        }),
    };
  }
}

function triangle(context: CanvasRenderingContext2D, mark: Placed & { x: number; y: number }, halo: string): void {
  const many = mark.count > 2;
  const half = many ? 5.5 : 4;
  const height = many ? 9 : 7;
  const down = mark.side === "sell";
  // The tip points at the candle.
  const tip = mark.y + (down ? -AWAY : AWAY);
  const base = tip + (down ? -height : height);
  context.beginPath();
  context.moveTo(mark.x, tip);
  context.lineTo(mark.x + half, base);
  context.lineTo(mark.x - half, base);
  context.closePath();
  context.lineWidth = 2;
  context.strokeStyle = halo;
  context.stroke();
  context.fillStyle = mark.colour;
  context.fill();
  if (!many) return;
  context.font = '560 10px "Inter", system-ui, sans-serif';
  context.textAlign = "center";
  context.fillText(String(mark.count), mark.x, down ? base - 4 : base + 11);
}
