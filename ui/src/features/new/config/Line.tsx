import { useId } from "react";

interface LineProps {
  id: string;
  "aria-describedby": string;
  "aria-invalid": boolean;
}

/** A field of our own, with what it is for or what is wrong with it. */
export function Line({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: string;
  error?: string[] | undefined;
  children: (props: LineProps) => React.ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className={`input ${error ? "bad" : ""}`}>
        {children({ id, "aria-describedby": `${id}-hint`, "aria-invalid": Boolean(error) })}
      </div>
      <p className={`hint ${error ? "bad" : ""}`} id={`${id}-hint`}>
        {error ? error.join(" ") : hint}
      </p>
    </div>
  );
}
