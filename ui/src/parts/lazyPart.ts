import { type ComponentType, lazy } from "react";

const WAITS_MS = [300, 600, 1_200, 2_400, 5_000];
const TRIES = 24;

/** A part of a page that is loaded when it is needed; a node that is away just then is waited for, not given up. */
// biome-ignore lint/suspicious/noExplicitAny: whatever a part takes, it takes
export function lazyPart<Part extends ComponentType<any>>(load: () => Promise<{ default: Part }>) {
  return lazy(() => persistently(load));
}

/** Try again and again, for as long as somebody may be looking at its place. */
export async function persistently<T>(load: () => Promise<T>): Promise<T> {
  for (let tried = 0; ; tried++) {
    try {
      return await load();
    } catch (error) {
      if (tried === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAITS_MS[tried] ?? 5_000));
    }
  }
}
