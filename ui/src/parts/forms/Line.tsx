import { type ReactNode, useId } from "react";

export interface LineProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

/** A field of a form: its name, what one writes into it, and below what it means or what is wrong with it. */
export function Line({
  label,
  hint,
  error,
  optional = false,
  suffix,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  suffix?: string;
  children: (props: LineProps) => ReactNode;
}) {
  const id = useId();
  const told = error ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {optional && <span className="faint"> optional</span>}
      </label>
      <div className={`input ${error ? "bad" : ""}`}>
        {children({ id, "aria-describedby": told ? `${id}-hint` : undefined, "aria-invalid": Boolean(error) })}
        {suffix && <span className="suffix">{suffix}</span>}
      </div>
      {told && (
        <p className={`hint ${error ? "bad" : ""}`} id={`${id}-hint`} role={error ? "alert" : undefined}>
          {told}
        </p>
      )}
    </div>
  );
}
