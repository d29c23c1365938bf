import { useSyncExternalStore } from "react";

/** Whether the screen is like that, as it becomes so: a phone that is turned is no phone's width any more. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

export const PHONE = "(max-width: 640px)";
export const NARROW = "(max-width: 1380px)";
