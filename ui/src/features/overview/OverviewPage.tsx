import { useQueries, useQuery } from "@tanstack/react-query";
import { Suspense } from "react";
import type { AutomationRow } from "@/api/client/types.gen";
import { automationQuery } from "@/features/automation/queries";
import { FEW, fewAutomationsQuery } from "@/features/automations/queries";
import { useBook } from "@/features/frame/book";
import { ShowOther } from "@/features/frame/ShowOther";
import { OverviewPanels } from "@/features/panels/Panels";
import { Shape } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import type { Book } from "@/parts/preferences";
import { Empty, Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { Activity } from "./Activity";
import { Card } from "./Card";
import { Needs } from "./Needs";
import { attentionQuery, totalCourseQuery, totalsQuery } from "./queries";
import { Sums } from "./Sums";

const FirstRun = lazyPart(() => import("./FirstRun"));
const Fleet = lazyPart(() => import("./Fleet"));

export function OverviewPage() {
  const { both, shown } = useBook();
  const paper = both ? shown === "paper" : undefined;
  const few = useQuery(fewAutomationsQuery(paper));
  // All at once, and what is above the others waited for: nothing moves under somebody's hand as it comes.
  const totals = useQuery(totalsQuery(paper));
  const needs = useQuery(attentionQuery);
  const course = useQuery(totalCourseQuery(paper, null));
  const waits = (few.data?.total ?? 0) <= FEW && (totals.isPending || needs.isPending || course.isPending);
  if (!few.data || waits) {
    return (
      <div className="page">
        <h1 className="vh">Overview</h1>
        {few.error ? (
          <Failure error={few.error} onRetry={() => void few.refetch()} />
        ) : (
          <Loading what="the overview" rows={10} />
        )}
      </div>
    );
  }
  if (few.data.total > FEW || (few.data.total === 0 && !both)) {
    return <Suspense fallback={null}>{few.data.total ? <Fleet paper={paper} /> : <FirstRun />}</Suspense>;
  }
  if (few.data.total === 0) return <NoneOfThese shown={shown} />;
  return <Few rows={few.data.automations} paper={paper} />;
}

function NoneOfThese({ shown }: { shown: Book }) {
  const paper = shown === "paper";
  return (
    <div className="page">
      <h1 className="vh">Overview</h1>
      <Empty title={`None trades with ${paper ? "play money" : "live money"}`} action={<ShowOther shown={shown} />}>
        Live money and play money are never shown on one page.
      </Empty>
    </div>
  );
}

/** With a few, they are the page. */
function Few({ rows, paper }: { rows: AutomationRow[]; paper: boolean | undefined }) {
  const loaded = useQueries({ queries: rows.map((row) => automationQuery(row.id)) });
  const details = loaded.flatMap((query) => (query.data ? [query.data.detail] : []));
  const now = useNow();
  if (loaded.some((query) => query.isPending)) {
    return (
      <div className="page">
        <h1 className="vh">Overview</h1>
        <Sums paper={paper} now={now} />
        <Needs now={now} quiet />
        <Loading what="the automations" rows={10} />
      </div>
    );
  }
  return (
    <div className="page">
      <h1 className="vh">Overview</h1>
      <Sums paper={paper} now={now} />
      <Needs now={now} quiet />
      <div className="cols">
        <section aria-labelledby="h-autos">
          <div className="section-head">
            <h2 id="h-autos">Automations</h2>
            <span className="end legend">
              <span>
                <Shape mark="buy" />
                bought
              </span>
              <span>
                <Shape mark="sell" />
                sold
              </span>
              <span className="desk-only">Lines: resting orders</span>
            </span>
          </div>
          {rows.map((row) => (
            <Card key={row.id} row={row} detail={details.find((each) => each.id === row.id) ?? null} now={now} />
          ))}
          <OverviewPanels />
        </section>
        <Activity now={now} />
      </div>
    </div>
  );
}
