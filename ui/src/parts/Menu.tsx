import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

/** A button that opens what is done more rarely; keys go through it, Escape and whatever is elsewhere close it. */
export function Menu({ label, button, children }: { label: string; button: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const items = () => [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]:not([disabled])") ?? [])];
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first item, once, when it opens
  useEffect(() => {
    if (open) items()[0]?.focus();
  }, [open]);
  function onKey(event: KeyboardEvent): void {
    if (!open) return;
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") {
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("button")?.focus();
    } else if (to !== undefined) {
      event.preventDefault();
      all[to % all.length]?.focus();
    }
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys and focus pass through it, its parts are what is used
    <div
      className="menu"
      ref={box}
      onKeyDown={onKey}
      onBlur={(event) => {
        if (!box.current?.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        className="btn icon"
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: a chosen item closes it, by key or by pointer
        <div className="menu-list" role="menu" id={id} aria-label={label} tabIndex={-1} onClick={() => setOpen(false)}>
          {children}
        </div>
      )}
    </div>
  );
}

export function MenuItem({
  onChoose,
  disabled = false,
  danger = false,
  children,
}: {
  onChoose: () => void;
  disabled?: boolean;
  danger?: boolean;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className={danger ? "bad" : ""}
      disabled={disabled}
      onClick={onChoose}
    >
      {children}
    </button>
  );
}
