import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState } from "react";
import type { LogLine } from "@/api/client/types.gen";
import { withNumbers } from "@/features/automations/words";
import { onEvent } from "@/live/connection";
import { Gathered } from "@/live/gathered";
import { Moment } from "@/parts/Figures";
import { Segments } from "@/parts/forms/Segments";
import { Words } from "@/parts/forms/Words";
import { type Mark, Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { logQuery } from "./queries";
import type { Level } from "./search";

const CHOICES = [
  { value: "all", label: "All" },
  { value: "info", label: "Info" },
  { value: "warning", label: "Warnings" },
  { value: "error", label: "Errors" },
] as const;

/** What happened, newest first; of a log of any length the lines that are seen are on the page. */
export default function LogTab({ id, level, words }: { id: string; level: Level | null; words: string }) {
  const navigate = useNavigate({ from: "/automations/$automation" });
  const show = (change: { level?: Level | undefined; words?: string | undefined }) =>
    void navigate({ search: (was) => ({ ...was, ...change }), replace: true });
  return (
    <section aria-label="Log" className="blk">
      <div className="bar">
        <Segments
          label="Least level"
          value={level ?? "all"}
          choices={CHOICES}
          onChange={(next) => show({ level: next === "all" ? undefined : next })}
        />
        <Words
          label="Search the log"
          placeholder="words in a line"
          value={words}
          onChange={(next) => show({ words: next || undefined })}
        />
      </div>
      <Lines id={id} level={level} words={words} />
    </section>
  );
}

const GATHER_MS = 500;

/** New lines come by themselves while one looks at the newest; while one reads older ones they wait, counted. */
function useNewLines(id: string, reads: () => boolean, read: () => Promise<unknown>): number {
  const [waiting, setWaiting] = useState(0);
  const newest = useRef({ reads, read });
  newest.current = { reads, read };
  useEffect(() => {
    let came = 0;
    const renewal = new Gathered(GATHER_MS, 0, async () => {
      if (!newest.current.reads()) {
        setWaiting(came);
        return;
      }
      came = 0;
      setWaiting(0);
      await newest.current.read();
    });
    const forget = onEvent((event) => {
      if (event.automation_id !== id) return;
      came += 1;
      renewal.ask();
    });
    return () => {
      forget();
      renewal.stop();
    };
  }, [id]);
  return waiting;
}

function Lines({ id, level, words }: { id: string; level: Level | null; words: string }) {
  const options = logQuery(id, level, words);
  const log = useInfiniteQuery(options);
  const queries = useQueryClient();
  const now = useNow();
  const scroller = useRef<HTMLElement>(null);
  const waiting = useNewLines(
    id,
    () => (scroller.current?.scrollTop ?? 0) < 40 && (log.data?.pages.length ?? 0) <= 1,
    () => log.refetch(),
  );
  const lines = log.data?.pages.flatMap((page) => page.lines) ?? [];
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 34,
    overscan: 20,
  });
  const shown = virtual.getVirtualItems();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = log;
  const nearEnd = (shown.at(-1)?.index ?? -1) >= lines.length - 30;
  useEffect(() => {
    if (nearEnd && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [nearEnd, hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (log.error && lines.length === 0) return <Failure error={log.error} onRetry={() => void log.refetch()} />;
  if (log.isPending) return <Loading what="the log" rows={10} />;
  if (lines.length === 0) {
    return (
      <p className="muted none">
        {hasNextPage ? "Looking further back." : level || words ? "No line is like that." : "Nothing happened yet."}
      </p>
    );
  }
  return (
    <>
      {waiting > 0 && (
        <p className="more-line">
          <button
            className="btn small"
            type="button"
            onClick={() => {
              scroller.current?.scrollTo({ top: 0 });
              void queries.resetQueries({ queryKey: options.queryKey });
            }}
          >
            {format.count(waiting)} new
          </button>
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
      <section className="loglines" ref={scroller} tabIndex={0} aria-label="Lines of the log">
        <ol className="feed log" aria-label="What happened, newest first" style={{ height: virtual.getTotalSize() }}>
          {shown.map((item) => {
            const line = lines[item.index] as LogLine;
            return (
              <li
                key={item.key}
                data-index={item.index}
                ref={virtual.measureElement}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Moment at={line.at} now={now} />
                <span className={line.level === "error" ? "bad" : line.level === "warning" ? "warn" : ""}>
                  <Sign line={line} />
                  {withNumbers(line.message.charAt(0).toUpperCase() + line.message.slice(1))}
                </span>
              </li>
            );
          })}
        </ol>
      </section>
      <p className="pos small muted">
        {format.count(lines.length)} {lines.length === 1 ? "line" : "lines"}
        {hasNextPage ? " read; scroll for older ones" : ", from its beginning"}
      </p>
    </>
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
