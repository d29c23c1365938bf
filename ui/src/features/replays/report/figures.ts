/** The figures of a report: what they are called, what they mean, how they are written. */

import type { AutomationReport, ComparedFigure, Figure, Performance } from "@/api/client/types.gen";
import type { Decimal } from "@/text/decimal";
import * as format from "@/text/format";

export type Kind = ComparedFigure["kind"];

interface Known {
  label: string;
  meaning: string;
  /** A result: it has a sign, and the colour of gain or loss. */
  result?: boolean;
}

/** By the names that reports have; docs/replays.md has the formulas with their sources. */
const KNOWN: Record<string, Known> = {
  total_return: { label: "Total return", meaning: "Final by start equity, less 1.", result: true },
  gain: { label: "Gain", meaning: "Final less start equity.", result: true },
  realised_pnl: {
    label: "Realised",
    meaning: "What was gained by what was sold, at average cost, net of fees.",
    result: true,
  },
  unrealised_pnl: {
    label: "On what it holds",
    meaning: "What selling everything at the last close would gain.",
    result: true,
  },
  cagr: {
    label: "Growth of a year",
    meaning: "CAGR: the growth of a year of 365 days that would have brought the same. Of 90 days at least.",
    result: true,
  },
  volatility: {
    label: "Volatility of a year",
    meaning: "Standard deviation of daily returns, times √365. Of 30 days at least.",
  },
  sharpe: {
    label: "Sharpe ratio",
    meaning: "Mean of daily returns by their standard deviation, times √365; no interest is taken off.",
  },
  sortino: {
    label: "Sortino ratio",
    meaning: "Mean of daily returns by their downside deviation, times √365; the target is 0.",
  },
  calmar: { label: "Calmar ratio", meaning: "Growth of a year by the largest drawdown." },
  max_drawdown: { label: "Largest drawdown", meaning: "The largest fall from the highest before, as a part of it." },
  exposure: { label: "Exposure", meaning: "Part of the closes at which it held anything." },
  trades: { label: "Trades", meaning: "Orders that sold something, however many fills each had." },
  win_rate: { label: "Trades that won", meaning: "Part of the trades that brought more than nothing, fees paid." },
  profit_factor: {
    label: "Profit factor",
    meaning: "What winning trades brought by what losing ones cost. Of 10 trades at least.",
  },
  expectancy: { label: "Mean of a trade", meaning: "What a trade brought on average.", result: true },
  fills: { label: "Fills", meaning: "Executions; an order may have several." },
  invested: { label: "Spent on buys", meaning: "In all, fees in it included." },
};

export function known(figure: string): Known {
  const words = figure.replaceAll("_", " ");
  return KNOWN[figure] ?? { label: words.charAt(0).toUpperCase() + words.slice(1), meaning: "" };
}

/** A figure as people read it. */
export function write(value: Decimal, kind: Kind, asset: string, signed = false): string {
  if (kind === "ratio") return format.ratio(value, { signed });
  if (kind === "amount") return format.money(value, asset, { signed });
  return kind === "count" ? format.whole(value, { signed }) : format.plain(value, { signed });
}

export interface Row {
  figure: string;
  kind: Kind;
  own: Told;
  /** Of buying at the start and holding; null where it says nothing. */
  held: Told | null;
}

export interface Told {
  value: Decimal | null;
  reason: string;
}

type Named = {
  [Name in keyof Performance]: Performance[Name] extends Figure ? Name : never;
}[keyof Performance];

const MEASURED: ReadonlyArray<[Named, Kind]> = [
  ["cagr", "ratio"],
  ["volatility", "ratio"],
  ["sharpe", "number"],
  ["sortino", "number"],
  ["calmar", "number"],
  ["exposure", "ratio"],
];
const OF_TRADES: ReadonlyArray<[Named, Kind]> = [
  ["win_rate", "ratio"],
  ["profit_factor", "number"],
  ["expectancy", "amount"],
];

/** Every figure of a replay's automation, beside those of holding. */
export function rows(report: AutomationReport): Row[] {
  const own = report.performance;
  if (!own) return [];
  const held = report.holding?.performance ?? null;
  const of = (figure: Figure): Told => ({ value: figure.value, reason: figure.reason ?? "" });
  const only = (value: Decimal | null, reason = ""): Told => ({ value, reason });
  const measured = ([name, kind]: [Named, Kind]): Row => ({
    figure: name,
    kind,
    own: of(own[name]),
    held: held ? of(held[name]) : null,
  });
  return [
    { figure: "total_return", kind: "ratio", own: of(own.total_return), held: held && of(held.total_return) },
    { figure: "gain", kind: "amount", own: only(own.gain, "a price is missing"), held: held && only(held.gain) },
    { figure: "realised_pnl", kind: "amount", own: only(report.realised_pnl), held: null },
    {
      figure: "unrealised_pnl",
      kind: "amount",
      own: only(report.unrealised_pnl, "a price is missing"),
      held: null,
    },
    {
      figure: "max_drawdown",
      kind: "ratio",
      own: only(own.max_drawdown?.ratio ?? "0"),
      held: held && only(held.max_drawdown?.ratio ?? "0"),
    },
    ...MEASURED.map(measured),
    { figure: "trades", kind: "count", own: only(String(own.trades)), held: null },
    ...OF_TRADES.map((each) => ({ ...measured(each), held: null })),
    { figure: "fills", kind: "count", own: only(String(report.fills)), held: null },
    { figure: "invested", kind: "amount", own: only(report.invested), held: null },
  ];
}
