/** Reads the node's events for as long as it is wanted, and misses none: where it broke off it goes on. */

import { MessageParser } from "./sse";

export interface NodeEvent {
  id: number;
  at: string;
  automation: string;
  automation_id: string;
  kind: string;
  data: Record<string, unknown>;
}

export type Heard =
  | { type: "open"; at: number; resumed: boolean }
  | { type: "alive"; at: number }
  | { type: "event"; at: number; event: NodeEvent }
  /** Events are missing: what is shown must be read again. */
  | { type: "gap"; at: number }
  | { type: "lost"; at: number; since: number; retryAt: number }
  | { type: "signed-out"; at: number };

const ADDRESS = "/api/v1/events";
const WAITS_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** The node gives a sign of life each 15 s; a stream that is silent for longer than two is dead, whatever TCP thinks. */
const SILENT_MS = 40_000;

export class EventReader {
  private cursor: string | null = null;
  private abort: AbortController | null = null;
  private failures = 0;
  private heardAt = Date.now();
  private wake: (() => void) | null = null;

  constructor(
    private readonly tell: (heard: Heard) => void,
    private readonly fetcher: typeof fetch = (...given) => fetch(...given),
  ) {}

  start(): void {
    if (this.abort) return;
    this.abort = new AbortController();
    void this.run(this.abort.signal);
  }

  stop(): void {
    this.abort?.abort();
    this.abort = null;
    this.wake?.();
  }

  /** Do not wait for the next attempt. */
  hurry(): void {
    this.wake?.();
  }

  private async run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      try {
        const signedOut = await this.readOnce(stopped);
        if (signedOut) {
          this.abort = null;
          this.tell({ type: "signed-out", at: Date.now() });
          return;
        }
      } catch {
        // Whatever broke, it is read again from where it was.
      }
      if (stopped.aborted) return;
      const wait = WAITS_MS[Math.min(this.failures, WAITS_MS.length - 1)] ?? 8_000;
      this.failures += 1;
      this.tell({ type: "lost", at: Date.now(), since: this.heardAt, retryAt: Date.now() + wait });
      await this.pause(wait);
    }
  }

  private pause(wait: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Read until the stream ends; true where nobody is signed in any more. */
  private async readOnce(stopped: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (this.cursor) headers["Last-Event-ID"] = this.cursor;
    let timer = setTimeout(() => silence.abort(), SILENT_MS);
    try {
      const signal = AbortSignal.any([stopped, silence.signal]);
      const response = await this.fetcher(ADDRESS, { headers, signal, credentials: "same-origin", cache: "no-store" });
      if (response.status === 401) return true;
      if (!response.ok || !response.body) throw new Error(`the stream was answered with ${response.status}`);
      this.heardAt = Date.now();
      this.tell({ type: "open", at: this.heardAt, resumed: this.cursor !== null });
      this.failures = 0;
      const parser = this.parser();
      const text = response.body.pipeThrough(new TextDecoderStream());
      const reader = text.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return false;
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENT_MS);
        this.heardAt = Date.now();
        parser.feed(value);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private parser(): MessageParser {
    return new MessageParser(
      (message) => {
        this.cursor = message.id ?? this.cursor;
        if (message.event === "gap") return this.tell({ type: "gap", at: Date.now() });
        this.tell({ type: "event", at: Date.now(), event: JSON.parse(message.data) as NodeEvent });
      },
      (id) => {
        this.cursor = id ?? this.cursor;
        this.tell({ type: "alive", at: Date.now() });
      },
    );
  }
}
