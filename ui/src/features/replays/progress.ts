/** How far a replay is, as it goes: a stream that ends when the replay is over. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Progress } from "@/api/client/types.gen";
import { MessageParser } from "@/live/sse";

const AGAIN_MS = 2_000;
export const OVER = new Set<Progress["status"]>(["finished", "failed", "cancelled"]);

/** Follow a replay until it is over; whatever breaks the stream, it is asked for again. */
export async function follow(
  id: string,
  stopped: AbortSignal,
  tell: (progress: Progress) => void,
  fetcher: typeof fetch = (...given) => fetch(...given),
  pause: () => Promise<void> = () => new Promise((resolve) => setTimeout(resolve, AGAIN_MS)),
): Promise<void> {
  let over = false;
  while (!over && !stopped.aborted) {
    try {
      const response = await fetcher(`/api/v1/replays/${encodeURIComponent(id)}/progress`, {
        headers: { Accept: "text/event-stream" },
        credentials: "same-origin",
        cache: "no-store",
        signal: stopped,
      });
      if (response.status === 404 || response.status === 401 || response.status === 403) return;
      if (response.ok && response.body) {
        const parser = new MessageParser(
          ({ data }) => {
            const progress = JSON.parse(data) as Progress;
            over = OVER.has(progress.status);
            tell(progress);
          },
          () => undefined,
        );
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          parser.feed(value);
        }
      }
    } catch {
      // The node is away, or the page was left: the first is asked again, the second ends it.
    }
    if (!over && !stopped.aborted) await pause();
  }
}

/** The newest that is known of one that waits or runs; its page is read again when it is over. */
export function useProgress(id: string, runs: boolean): Progress | null {
  const [progress, setProgress] = useState<Progress | null>(null);
  const queries = useQueryClient();
  useEffect(() => {
    if (!runs) return;
    const stop = new AbortController();
    void follow(id, stop.signal, (next) => {
      setProgress(next);
      if (OVER.has(next.status)) {
        void queries.invalidateQueries({ queryKey: ["replays"] });
      }
    });
    return () => stop.abort();
  }, [id, runs, queries]);
  return progress;
}
