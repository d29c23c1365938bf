/** What a page says while it has nothing to show: that it loads, that there is nothing, what went wrong, who may more. */

import { type ReactNode, useEffect, useState } from "react";
import { isProblem, NoAnswer } from "@/api/http";
import { Icon } from "./Icon";

/** Bars where text will be; nothing at all for the first moments, so that what is quick does not flicker. */
export function Loading({ rows = 4, what }: { rows?: number; what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="loading" role="status" aria-label={`Loading ${what}`}>
      {late && Array.from({ length: rows }, (_, row) => <i key={String(row)} />)}
    </div>
  );
}

export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p className="muted">{children}</p>}
      {action && <p className="go">{action}</p>}
    </div>
  );
}

/** Cause, cure, and a way to try again; what was typed stays where it is. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const forbidden = isProblem(error, "forbidden");
  const text =
    error instanceof NoAnswer
      ? "The node does not answer. What you see elsewhere is from before."
      : String((error as Error).message);
  return (
    <div className={`note ${forbidden ? "warn" : "bad"}`} role="alert">
      <Icon name={forbidden ? "info" : "warn"} />
      <div className="grow">
        <p>{text.charAt(0).toUpperCase() + text.slice(1)}</p>
        {isProblem(error) && error.requestId && <p className="tiny faint mono">{error.requestId}</p>}
      </div>
      {onRetry && !forbidden && (
        <button className="btn small" type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
