/** The one place where requests leave: the node's own origin, the session's cookie, its CSRF token, problems as errors. */

import { client } from "./client/client.gen";
import type { Problem as ProblemBody } from "./client/types.gen";

let csrf = "";

export function setCsrfToken(token: string | null): void {
  csrf = token ?? "";
}

/** Why the node did not do as asked: an RFC 9457 problem. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly kind: string;
  readonly status: number;
  readonly fields: ReadonlyArray<{ field: string; reason: string }>;
  readonly requestId: string;
  /** When it may be tried again, in seconds. */
  readonly retryAfter: number | null;
  /** Of what was changed meanwhile: how it stands now, with the revision that holds. */
  readonly current: ({ revision: number } & Record<string, unknown>) | null;

  constructor(body: Partial<ProblemBody>, response: Response) {
    super(body.detail ?? `the node answered ${response.status}`);
    this.kind = (body.type ?? "").split(":").at(-1) ?? "";
    this.status = response.status;
    this.fields = body.errors ?? [];
    this.requestId = body.request_id ?? "";
    this.retryAfter = Number(response.headers.get("retry-after")) || null;
    this.current = (body.current as Problem["current"]) ?? null;
  }
}

/** The node did not answer at all, or what did is no node. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

const listeners = new Set<(answered: boolean, at: number) => void>();

/** Be told of each answer, and of each request that had none. */
export function onAnswer(listener: (answered: boolean, at: number) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const strangers = new Set<() => void>();

/** Be told that the node does not know any more who asks: whatever was asked for, the session has ended. */
export function onSessionEnded(listener: () => void): () => void {
  strangers.add(listener);
  return () => strangers.delete(listener);
}

function tell(answered: boolean): void {
  for (const listener of listeners) listener(answered, Date.now());
}

client.setConfig({
  baseUrl: location.origin,
  credentials: "same-origin",
  cache: "no-store",
  async fetch(input, init) {
    try {
      const response = await globalThis.fetch(input, init);
      tell(response.status !== 502 && response.status !== 504);
      return response;
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") throw error;
      tell(false);
      throw new NoAnswer("the node does not answer");
    }
  },
});

client.interceptors.request.use((request) => {
  if (request.method !== "GET" && csrf) request.headers.set("X-CSRF-Token", csrf);
  return request;
});

client.interceptors.error.use((error, response) => {
  if (error instanceof NoAnswer || error instanceof DOMException) return error;
  if (!response) return new NoAnswer("the node does not answer");
  const body = typeof error === "object" && error !== null ? (error as Partial<ProblemBody>) : {};
  const problem = new Problem(body, response);
  // Who signs in is a stranger, too: that is an answer to them, and no end of anything.
  const ended = problem.kind === "unauthenticated" && !new URL(response.url, location.href).pathname.endsWith(SESSION);
  if (ended) for (const listener of strangers) listener();
  return problem;
});

const SESSION = "/api/v1/session";

export function isProblem(error: unknown, kind?: string): error is Problem {
  return error instanceof Problem && (kind === undefined || error.kind === kind);
}
