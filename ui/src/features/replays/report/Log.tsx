import { useInfiniteQuery } from "@tanstack/react-query";
import { replayLogQuery } from "@/features/replays/queries";
import { More } from "@/parts/More";
import { Empty, Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";

export default function Log({ id }: { id: string }) {
  const found = useInfiniteQuery(replayLogQuery(id));
  const lines = found.data?.pages.flatMap((page) => page.lines) ?? [];
  if (found.error && lines.length === 0) return <Failure error={found.error} onRetry={() => void found.refetch()} />;
  if (found.isPending) return <Loading what="the log" rows={10} />;
  if (lines.length === 0) return <Empty title="It said nothing" />;
  return (
    <div className="blk">
      <ol className="feed log" aria-label="What happened, at the replay’s own time, oldest first">
        {lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of a finished replay have no id and never move
          <li key={index}>
            <time dateTime={line.at}>{format.dayAndTime(new Date(line.at))}</time>
            <span className={line.level === "error" ? "bad" : line.level === "warning" ? "warn" : ""}>
              {line.automation && <b>{line.automation} </b>}
              {line.text}
            </span>
          </li>
        ))}
      </ol>
      <More has={found.hasNextPage} busy={found.isFetchingNextPage} onMore={() => void found.fetchNextPage()} />
    </div>
  );
}
