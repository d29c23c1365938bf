import { useCallback, useRef, useState } from "react";

/**
 * What a form holds, changed by parts. A form inside it tells of a change a moment later than a plain field does: no
 * part takes back what another has said meanwhile. What is returned by a change is all of it.
 */
export function useMerged<T extends object>(first: T | (() => T)): [T, (part: Partial<T>) => T] {
  const [shown, show] = useState(first);
  const latest = useRef(shown);
  const change = useCallback((part: Partial<T>) => {
    latest.current = { ...latest.current, ...part };
    show(latest.current);
    return latest.current;
  }, []);
  return [shown, change];
}
