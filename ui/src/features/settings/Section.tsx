import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { Failure, Loading } from "@/parts/States";

/** A list of what there is of something, with the form that adds to it above. */
export function Section<Row>({
  title,
  what,
  add,
  form,
  of,
  none = null,
  children,
}: {
  title: string;
  /** As in: loading the users. */
  what: string;
  /** What the button says that opens the form; absent for who may only look. */
  add?: string | undefined;
  form: (close: () => void) => ReactNode;
  of: Pick<UseQueryResult<Row[]>, "data" | "error" | "refetch">;
  none?: ReactNode;
  children: (rows: Row[]) => ReactNode;
}) {
  const heading = useId();
  const [open, setOpen] = useState(false);
  return (
    <section className="blk" aria-labelledby={heading}>
      <div className="section-head">
        <h2 id={heading}>{title}</h2>
        <span className="end">
          {add && !open && (
            <button className="btn small" type="button" onClick={() => setOpen(true)}>
              {add}
            </button>
          )}
        </span>
      </div>
      {open && form(() => setOpen(false))}
      {of.error ? (
        <Failure error={of.error} onRetry={() => void of.refetch()} />
      ) : !of.data ? (
        <Loading what={what} />
      ) : of.data.length > 0 ? (
        children(of.data)
      ) : (
        !open && none && <p className="muted none">{none}</p>
      )}
    </section>
  );
}
