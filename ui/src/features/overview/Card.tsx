import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { candlesOf, linesOf, marksOf, symbolsOf } from "@/features/automation/chart/drawing";
import type { AutomationDetail } from "@/features/automation/queries";
import { candlesQuery, newestFillsQuery } from "@/features/automation/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { nextStep, nextStepOf } from "@/features/automations/words";
import { Amount, Change, Money, NotKnown, Result } from "@/parts/Figures";
import { AutomationStatusMark } from "@/parts/Status";
import { add, sign } from "@/text/decimal";
import { SmallChart } from "./SmallChart";

/** One automation, wide: what it is, what it does next, its market with its own fills, what it came to. */
export function Card({ row, detail, now }: { row: AutomationRow; detail: AutomationDetail | null; now: Date }) {
  const symbols = detail ? symbolsOf(detail) : [];
  const typeName = useTypeNames();
  return (
    <article className="auto" aria-labelledby={`a-${row.id}`}>
      <div className="who">
        <h3 id={`a-${row.id}`} className="cut">
          <Link to="/automations/$automation" params={{ automation: row.id }}>
            {row.name}
          </Link>
        </h3>
        <p className="small">
          <AutomationStatusMark status={row.status} />
        </p>
        <p className="next">
          <b>{detail ? nextStepOf(detail, now) : nextStep(row, now)}</b>
        </p>
        <p className="muted small cut">
          {typeName(row.type)}
          {symbols[0] && ` on ${symbols[0]}`}, {row.account}
        </p>
      </div>
      <figure>{detail && symbols[0] ? <Market detail={detail} symbol={symbols[0]} /> : null}</figure>
      {detail && <Facts detail={detail} />}
    </article>
  );
}

function Market({ detail, symbol }: { detail: AutomationDetail; symbol: string }) {
  const young = Date.now() - Date.parse(detail.created_at) < 6 * 3_600_000;
  const { data } = useQuery(candlesQuery(detail.account, symbol, young ? "1m" : "1h", 168));
  const { data: fills = [] } = useQuery(newestFillsQuery(detail.id));
  const candles = useMemo(() => candlesOf(data, null), [data]);
  const last = candles.at(-1)?.close ?? null;
  const marks = useMemo(
    () =>
      marksOf(
        fills,
        symbol,
        candles.map((each) => each.time),
      ),
    [fills, symbol, candles],
  );
  const lines = useMemo(() => linesOf(detail, symbol, last, 6), [detail, symbol, last]);
  if (candles.length === 0) return null;
  return (
    <SmallChart
      label={`${symbol} with ${marks.length} marks of own fills`}
      candles={candles}
      marks={marks}
      lines={lines}
    />
  );
}

function Facts({ detail }: { detail: AutomationDetail }) {
  const { report } = detail;
  const held = detail.positions.filter((position) => sign(position.amount) > 0).slice(0, 2);
  if (!report.asset) return null;
  return (
    <dl className="facts small">
      <div className="lead">
        <dt>Total</dt>
        <dd>
          {report.unrealised_pnl === null ? (
            <NotKnown />
          ) : (
            <>
              <Result value={add(report.realised_pnl, report.unrealised_pnl)} asset={report.asset} />{" "}
              {report.final_equity !== null && <Change now={report.final_equity} before={report.start_equity} />}
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Realised</dt>
        <dd>
          <Result value={report.realised_pnl} asset={report.asset} />
        </dd>
      </div>
      {held.map((position) => (
        <div key={position.symbol}>
          <dt>Holds</dt>
          <dd>
            <Amount value={position.amount} asset={position.symbol.split("/")[0] ?? ""} />
          </dd>
        </div>
      ))}
      <div>
        <dt>Value</dt>
        <dd>
          {report.final_equity === null ? <NotKnown /> : <Money value={report.final_equity} asset={report.asset} />}
        </dd>
      </div>
    </dl>
  );
}
