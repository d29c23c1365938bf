/** What charts of all kinds take of the theme, and of us. */

import type { ChartOptions, DeepPartial, LocalizationOptions, TickMarkType, Time } from "lightweight-charts";
import * as format from "@/text/format";

const LABEL_FONT = '"Inter", system-ui, sans-serif';

export type Colour = (name: string) => string;

/** What does not depend on the theme; `still` ones are looked at, and neither scrolled nor zoomed. */
export function baseOptions(still: boolean): DeepPartial<ChartOptions> {
  return {
    autoSize: true,
    // Its logo would bring a style that the policy refuses: the notice is in the frame's foot.
    layout: { attributionLogo: false, fontFamily: LABEL_FONT, fontSize: 11 },
    handleScroll: !still,
    handleScale: !still,
  };
}

/** How a chart writes times and prices: as the page does, in the zone that was chosen. */
export function localization(): DeepPartial<LocalizationOptions<Time>> {
  return {
    locale: "en-GB",
    priceFormatter: (price: number) => format.price(price),
    timeFormatter: (time: Time) => format.dayAndTime(moment(time)),
  };
}

export function tickMark(time: Time, kind: TickMarkType): string {
  return format.tick(moment(time), kind);
}

function moment(time: Time): Date {
  return new Date(Number(time) * 1_000);
}

export function colourOptions(colour: Colour): DeepPartial<ChartOptions> {
  return {
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
  };
}

/** Be told when the theme becomes another, by the system or by choice; returns how to stop. */
export function onTheme(changed: () => void): () => void {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(changed);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  system.addEventListener("change", changed);
  return () => {
    watcher.disconnect();
    system.removeEventListener("change", changed);
  };
}

export function faded(colour: string): string {
  return colour.replace(/^rgb\((.+)\)$/, "rgba($1, 0.38)");
}

/** Colours of the theme as the canvas needs them: resolved, which `light-dark()` in a custom property is not. */
export function coloursOf(box: HTMLElement): Colour {
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
    "--holding",
    "--accent",
    "--gain-area",
    "--loss-area",
  ])
    resolved(name);
  probe.remove();
  return (name) => found.get(name) ?? "rgb(128, 128, 128)";
}
