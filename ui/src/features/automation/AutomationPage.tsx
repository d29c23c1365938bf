import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { isProblem } from "@/api/http";
import type { AutomationDetail } from "@/features/automation/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { nextStepOf } from "@/features/automations/words";
import { AutomationPanels } from "@/features/panels/Panels";
import { Change, Moment, Money, NotKnown, Result } from "@/parts/Figures";
import { Gone } from "@/parts/Gone";
import { lazyPart } from "@/parts/lazyPart";
import { Failure, Loading } from "@/parts/States";
import { AutomationStatusMark } from "@/parts/Status";
import { useNow } from "@/parts/useNow";
import { add, negated, subtract } from "@/text/decimal";
import * as format from "@/text/format";
import { Actions } from "./Actions";
import { symbolsOf } from "./chart/drawing";
import { FigureValue } from "./FigureValue";
import { automationQuery, courseQuery, newestOrderQuery } from "./queries";
import { type Search, TABS, type Tab } from "./search";
import { Troubles } from "./Troubles";

const ChartTab = lazyPart(() => import("./chart/ChartTab"));
const OrdersTab = lazyPart(() => import("./OrdersTab"));
const MoneyTab = lazyPart(() => import("./MoneyTab"));
const LogTab = lazyPart(() => import("./LogTab"));
const ConfigTab = lazyPart(() => import("./ConfigTab"));
const ShadowTab = lazyPart(() => import("./shadow/ShadowTab"));
const SignalsTab = lazyPart(() => import("./signals/SignalsTab"));

export function AutomationPage({ id, search }: { id: string; search: Search }) {
  const { data, error, refetch } = useQuery(automationQuery(id));
  // Whether something speaks against it stands above the rest, which must not move as it comes.
  const newest = useQuery(newestOrderQuery(id));
  const tab = search.tab ?? "chart";
  if (!data || newest.isPending) {
    if (isProblem(error, "not-found"))
      return (
        <Gone what="automation" all="All automations" to="/automations">
          It was deleted, or it is somebody else’s.
        </Gone>
      );
    return (
      <div className="page">
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="the automation" rows={8} />}
      </div>
    );
  }
  const { detail } = data;
  return (
    <div className="page">
      <Head detail={detail} etag={data.etag} />
      <Troubles detail={detail} />
      <Strip detail={detail} />
      <Tabs detail={detail} />
      <Suspense fallback={<Loading what="this part" rows={8} />}>
        {tab === "chart" && <ChartTab detail={detail} />}
        {tab === "chart" && <AutomationPanels id={detail.id} type={detail.type} />}
        {tab === "orders" && <OrdersTab detail={detail} />}
        {tab === "money" && <MoneyTab detail={detail} asset={search.asset ?? null} />}
        {tab === "shadow" && <ShadowTab detail={detail} />}
        {tab === "log" && <LogTab id={detail.id} level={search.level ?? null} words={search.words ?? ""} />}
        {tab === "config" && (
          <ConfigTab detail={detail} etag={data.etag} edits={search.edit ?? false} revision={search.revision ?? null} />
        )}
        {tab === "signals" && <SignalsTab detail={detail} />}
      </Suspense>
    </div>
  );
}

function Head({ detail, etag }: { detail: AutomationDetail; etag: string | null }) {
  const now = useNow();
  const typeName = useTypeNames();
  const symbols = symbolsOf(detail);
  return (
    <div className="page-head">
      <div className="grow">
        <p className="small muted crumb">
          <Link to="/automations">‹ Automations</Link>
        </p>
        <h1 className="cut">{detail.name}</h1>
        <p className="say">
          <AutomationStatusMark status={detail.status} />
          <b>{nextStepOf(detail, now)}</b>
          <span className="muted">
            {typeName(detail.type)}
            {symbols.length > 0 && ` on ${symbols.slice(0, 3).join(", ")}${symbols.length > 3 ? " and more" : ""}`},{" "}
            {detail.account}
          </span>
        </p>
      </div>
      <Actions detail={detail} etag={etag} />
    </div>
  );
}

/** What it came to, with the method and the time, once for all of it. */
function Strip({ detail }: { detail: AutomationDetail }) {
  const { report } = detail;
  const now = useNow();
  const total = report.unrealised_pnl === null ? null : add(report.realised_pnl, report.unrealised_pnl);
  if (!report.asset) return null;
  return (
    <div className="strip">
      <dl>
        <div>
          <dt>Total</dt>
          <dd>
            {total === null ? (
              <NotKnown />
            ) : (
              <>
                <Result value={total} asset={report.asset} />{" "}
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
        <div>
          <dt>On what it holds</dt>
          <dd>
            {report.unrealised_pnl === null ? (
              <NotKnown />
            ) : (
              <Result value={report.unrealised_pnl} asset={report.asset} />
            )}
          </dd>
        </div>
        <div>
          <dt>
            Value, from <Money value={report.start_equity} asset={report.asset} unit={false} />
          </dt>
          <dd>
            {report.final_equity === null ? <NotKnown /> : <Money value={report.final_equity} asset={report.asset} />}
          </dd>
        </div>
        <AgainstHolding detail={detail} />
        {detail.figures.slice(0, 2).map((each) => (
          <div key={each.key} className="desk-only">
            <dt>{capital(each.label)}</dt>
            <dd className="cut" title={each.value}>
              <FigureValue figure={each} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="asof">
        {capital(report.pnl_method)}. <br />
        As of <Moment at={report.as_of} now={now} /> {format.zoneName()}
      </p>
    </div>
  );
}

/** What doing nothing would have brought, beside what it did; and how deep it fell. */
function AgainstHolding({ detail }: { detail: AutomationDetail }) {
  const { data: course } = useQuery(courseQuery(detail.id));
  // As many cells before it is read as after: nothing below them moves.
  if (!course) {
    return ["Against holding", "Largest drawdown"].map((each) => (
      <div key={each}>
        <dt>{each}</dt>
        <dd>&nbsp;</dd>
      </div>
    ));
  }
  const last = course.points.at(-1);
  const ahead = last?.held == null ? null : subtract(last.equity, last.held);
  return (
    <>
      {ahead !== null && (
        <div
          title={`Buying ${course.hold_symbol} at the start and holding it would be worth ${last?.held} ${course.asset}`}
        >
          <dt>Against holding</dt>
          <dd>
            <Result value={ahead} asset={course.asset} />
          </dd>
        </div>
      )}
      <div>
        <dt>Largest drawdown</dt>
        <dd>{format.ratio(negated(course.max_drawdown_ratio))}</dd>
      </div>
    </>
  );
}

function Tabs({ detail }: { detail: AutomationDetail }) {
  const names: Record<Tab, string> = {
    chart: "Chart",
    orders: "Orders and fills",
    money: "Money",
    shadow: "Shadow",
    log: "Log",
    config: "Config",
    signals: "Signals",
  };
  const numbers: Partial<Record<Tab, number>> = { orders: detail.orders.length, signals: detail.waiting_signals };
  return (
    <nav className="tabs" aria-label={`Parts of ${detail.name}`}>
      {TABS.filter((each) => each !== "shadow" || detail.shadow || detail.paper === false).map((each) => (
        <Link
          key={each}
          to="/automations/$automation"
          params={{ automation: detail.id }}
          search={each === "chart" ? {} : { tab: each }}
          activeOptions={{ includeSearch: true, exact: each === "chart" }}
          replace
        >
          {names[each]}
          {numbers[each] ? <span className="n">{format.count(numbers[each])}</span> : null}
        </Link>
      ))}
    </nav>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
