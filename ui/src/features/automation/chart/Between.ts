import type {
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  Time,
  UTCTimestamp,
} from "lightweight-charts";
import type { Point } from "./drawing";

interface Pair {
  x: number;
  own: number;
  other: number;
}

/** The area between a course and another: what was gained, or lost, by not having been the other. */
export class Between implements ISeriesPrimitive<Time> {
  private attachedTo: SeriesAttachedParameter<Time, "Line"> | null = null;
  private pairs: Array<{ time: number; own: number; other: number }> = [];
  private above = "";
  private below = "";
  private readonly views: readonly IPrimitivePaneView[] = [{ zOrder: () => "bottom", renderer: () => this.renderer() }];

  attached(parameters: SeriesAttachedParameter<Time>): void {
    this.attachedTo = parameters as SeriesAttachedParameter<Time, "Line">;
  }

  detached(): void {
    this.attachedTo = null;
  }

  show(own: readonly Point[], other: readonly Point[], above: string, below: string): void {
    const values = new Map(other.map((point) => [point.time, point.value]));
    this.pairs = own.flatMap((point) => {
      const value = values.get(point.time);
      return value === undefined ? [] : [{ time: point.time, own: point.value, other: value }];
    });
    this.above = above;
    this.below = below;
    this.attachedTo?.requestUpdate();
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return this.views;
  }

  private renderer(): IPrimitivePaneRenderer | null {
    const at = this.attachedTo;
    if (!at) return null;
    const scale = at.chart.timeScale();
    const placed = this.pairs.flatMap(({ time, own, other }): Pair[] => {
      const x = scale.timeToCoordinate(time as UTCTimestamp);
      const y = at.series.priceToCoordinate(own);
      const to = at.series.priceToCoordinate(other);
      return x === null || y === null || to === null ? [] : [{ x: Number(x), own: Number(y), other: Number(to) }];
    });
    return {
      draw: (target) =>
        target.useMediaCoordinateSpace(({ context }) => {
          for (let index = 1; index < placed.length; index++) {
            fill(context, placed[index - 1] as Pair, placed[index] as Pair, this.above, this.below);
          }
        }),
    };
  }
}

/** Of two points; where the courses cross between them, a triangle on each side. Pixels grow downwards. */
function fill(context: CanvasRenderingContext2D, a: Pair, b: Pair, above: string, below: string): void {
  const before = a.other - a.own;
  const after = b.other - b.own;
  if (before * after < 0) {
    const part = before / (before - after);
    const x = a.x + (b.x - a.x) * part;
    const y = a.own + (b.own - a.own) * part;
    const crossing = { x, own: y, other: y };
    area(context, a, crossing, before > 0 ? above : below);
    area(context, crossing, b, after > 0 ? above : below);
  } else if (before !== 0 || after !== 0) {
    area(context, a, b, before + after > 0 ? above : below);
  }
}

function area(context: CanvasRenderingContext2D, a: Pair, b: Pair, colour: string): void {
  context.beginPath();
  context.moveTo(a.x, a.own);
  context.lineTo(b.x, b.own);
  context.lineTo(b.x, b.other);
  context.lineTo(a.x, a.other);
  context.closePath();
  context.fillStyle = colour;
  context.fill();
}
