import { useInfiniteQuery } from "@tanstack/react-query";
import type { LogLine } from "@/api/client/types.gen";
import { Moment } from "@/parts/Figures";
import { type Mark, Shape } from "@/parts/Icon";
import { More } from "@/parts/More";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import { logQuery } from "./queries";

export default function LogTab({ id }: { id: string }) {
  const log = useInfiniteQuery(logQuery(id));
  const now = useNow();
  if (log.error) return <Failure error={log.error} onRetry={() => void log.refetch()} />;
  if (log.isPending) return <Loading what="the log" rows={10} />;
  const lines = log.data.pages.flatMap((page) => page.lines);
  return (
    <section aria-label="Log" className="blk">
      <ol className="feed log" aria-label="What happened, newest first">
        {lines.map((line, index) => (
          // Lines have no id of their own; of equal ones it does not matter which is which.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={`${line.at} ${line.event} ${index}`}>
            <Moment at={line.at} now={now} />
            <span className={line.level === "error" ? "bad" : line.level === "warning" ? "warn" : ""}>
              <Sign line={line} />
              {line.message.charAt(0).toUpperCase() + line.message.slice(1)}
            </span>
          </li>
        ))}
      </ol>
      {lines.length === 0 && <p className="muted none">Nothing happened yet.</p>}
      <More has={log.hasNextPage} busy={log.isFetchingNextPage} onMore={() => void log.fetchNextPage()} />
    </section>
  );
}

function Sign({ line }: { line: LogLine }) {
  const mark = markOf(line);
  return mark && <Shape mark={mark} />;
}

function markOf({ event, data, level }: LogLine): Mark | null {
  if (event === "order.fill") return data["side"] === "buy" ? "buy" : "sell";
  if (event === "order.unknown") return "unknown";
  if (event === "order.refused") return "refused";
  if (event === "automation.failed") return "failed";
  if (event === "automation.held") return "held";
  return level === "error" ? "failed" : null;
}
