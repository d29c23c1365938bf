import { type MouseEvent, type ReactNode, useState } from "react";

/**
 * What is not taken back is asked for twice, by a button that says the second time what it does. A double click is one
 * step, and who looks elsewhere begins anew.
 */
export function TwoSteps({
  ask,
  sure,
  label,
  quiet = false,
  disabled = false,
  onSure,
}: {
  ask: ReactNode;
  sure: string;
  /** What the first says to who does not see it, where it is a picture. */
  label?: string;
  quiet?: boolean;
  disabled?: boolean;
  onSure: () => void;
}) {
  const [asked, setAsked] = useState(false);
  function step(event: MouseEvent): void {
    if (!asked) setAsked(true);
    else if (event.detail < 2) onSure();
  }
  return (
    <button
      className={asked ? "btn small danger" : quiet ? "btn quiet icon" : "btn small"}
      type="button"
      aria-label={asked ? undefined : label}
      title={asked ? undefined : label}
      disabled={disabled}
      onClick={step}
      onBlur={() => setAsked(false)}
    >
      {asked ? sure : ask}
    </button>
  );
}
