import { type ReactNode, useEffect, useId, useRef } from "react";

/**
 * A dialog on the browser's own element: it keeps the focus inside, closes on Escape and needs no style of a library's,
 * which the Content-Security-Policy would refuse.
 */
export function Dialog({
  title,
  lead,
  children,
  foot,
  onClose,
  wide = false,
}: {
  title: ReactNode;
  lead?: ReactNode;
  children: ReactNode;
  foot: ReactNode;
  onClose: () => void;
  wide?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={element}
      className={`dialog ${wide ? "wide" : ""}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="head">
        <h2 id={heading}>{title}</h2>
        {lead && <p className="lead">{lead}</p>}
      </div>
      <div className="body">{children}</div>
      <div className="foot">{foot}</div>
    </dialog>
  );
}
