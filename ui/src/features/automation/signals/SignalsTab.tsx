import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { SignalRow } from "@/api/client/types.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { typesQuery } from "@/features/automations/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { Moment } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { More } from "@/parts/More";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { Hooks } from "./Hooks";
import { signalsQuery } from "./queries";

/** What came to its inbox and what became of it, and the addresses that may send there. */
export default function SignalsTab({ detail }: { detail: AutomationDetail }) {
  return (
    <div className="money signals">
      <Inbox detail={detail} />
      <Hooks detail={detail} />
    </div>
  );
}

function Inbox({ detail }: { detail: AutomationDetail }) {
  const typeName = useTypeNames();
  const signals = useInfiniteQuery(signalsQuery(detail.id));
  const { data: types } = useQuery(typesQuery);
  const now = useNow();
  const rows = signals.data?.pages.flatMap((page) => page.signals) ?? [];
  const takes = types?.find((each) => each.type === detail.type)?.needs.includes("signals") ?? true;
  return (
    <section aria-labelledby="h-in" className="blk">
      <div className="section-head">
        <h2 id="h-in">What came</h2>
        {detail.waiting_signals > 0 && (
          <span className="end">{format.count(detail.waiting_signals)} not looked at yet</span>
        )}
      </div>
      {signals.error ? (
        <Failure error={signals.error} onRetry={() => void signals.refetch()} />
      ) : signals.isPending ? (
        <Loading what="signals" />
      ) : rows.length === 0 ? (
        <p className="muted none">
          {takes
            ? "Nothing came yet. Make an address, and give it to whatever sends: what comes, and what became of it, is told here."
            : `${typeName(detail.type)} does nothing with signals: it trades by its config alone.`}
        </p>
      ) : (
        <>
          <ol className="inbox" aria-label="Signals, newest first">
            {rows.map((row) => (
              <li key={row.id}>
                <Signal row={row} now={now} />
              </li>
            ))}
          </ol>
          <More
            has={signals.hasNextPage}
            busy={signals.isFetchingNextPage}
            onMore={() => void signals.fetchNextPage()}
          />
        </>
      )}
    </section>
  );
}

function Signal({ row, now }: { row: SignalRow; now: Date }) {
  const became = becameOf(row);
  return (
    <details>
      <summary>
        <Shape mark={became.mark} />
        <span className="grow">
          <b>{became.said}</b>
          {row.reason && <span className="muted">: {row.reason.replaceAll("`", "")}</span>}
          <span className="mono small muted cut sent">{short(row.payload)}</span>
        </span>
        <span className="small muted num">
          <Moment at={row.received_at} now={now} />
          <br />
          {row.source}
        </span>
      </summary>
      <dl className="facts small">
        {row.channel && (
          <div>
            <dt>Channel</dt>
            <dd>{row.channel}</dd>
          </div>
        )}
        {row.key && (
          <div>
            <dt>Told from others by</dt>
            <dd className="mono cut">{row.key}</dd>
          </div>
        )}
        {row.consumed_tick !== null && (
          <div>
            <dt>Given to tick</dt>
            <dd>{format.count(row.consumed_tick)}</dd>
          </div>
        )}
        {row.tries > 0 && (
          <div>
            <dt>Ticks that failed at it</dt>
            <dd>{format.count(row.tries)}</dd>
          </div>
        )}
        {row.expires_at && row.status === "waiting" && (
          <div>
            <dt>Worthless after</dt>
            <dd>
              <Moment at={row.expires_at} now={now} />
            </dd>
          </div>
        )}
        {row.orders.map((order) => (
          <div key={order.id}>
            <dt>Its order</dt>
            <dd>
              {order.status}
              {order.reason && <span className="muted">, {order.reason}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <pre className="text">{JSON.stringify(row.payload, null, 2)}</pre>
    </details>
  );
}

const BECAME: Record<string, { mark: Mark; said: string }> = {
  traded: { mark: "filled", said: "Traded" },
  ignored: { mark: "skipped", said: "Ignored" },
  refused: { mark: "refused", said: "Refused" },
  failed: { mark: "failed", said: "Failed" },
  expired: { mark: "expired", said: "Came too late to be looked at" },
};

/** In the automation's word where it gave one. */
export function becameOf({ status, outcome }: Pick<SignalRow, "status" | "outcome">): { mark: Mark; said: string } {
  const known = BECAME[outcome];
  if (known) return known;
  if (outcome) return { mark: "completed", said: outcome.charAt(0).toUpperCase() + outcome.slice(1) };
  if (status === "waiting") return { mark: "waiting", said: "Not looked at yet" };
  if (status === "dead") return { mark: "failed", said: "Given up" };
  return { mark: "completed", said: "Taken; what became of it is not said" };
}

function short(payload: unknown): string {
  const text = typeof payload === "string" ? payload : (JSON.stringify(payload) ?? "");
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
