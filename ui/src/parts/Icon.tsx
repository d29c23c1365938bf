/** Drawings from the sprite in index.html: icons of controls, and the outlines that tell states apart. */

export type IconName =
  | "overview"
  | "list"
  | "new"
  | "account"
  | "activity"
  | "node"
  | "settings"
  | "search"
  | "eye"
  | "eye-off"
  | "kill"
  | "more"
  | "down"
  | "right"
  | "left"
  | "x"
  | "warn"
  | "info"
  | "ok"
  | "replay"
  | "sort";

export type Mark =
  | "active"
  | "waiting"
  | "completing"
  | "paused"
  | "stopping"
  | "stopped"
  | "completed"
  | "failed"
  | "held"
  | "unknown"
  | "buy"
  | "sell"
  | "open"
  | "sent"
  | "planned"
  | "filled"
  | "cancelled"
  | "refused"
  | "expired"
  | "skipped";

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="i" aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}

export function Shape({ mark }: { mark: Mark }) {
  return (
    <svg className="st" aria-hidden="true">
      <use href={`#s-${mark}`} />
    </svg>
  );
}

export function Brand() {
  return (
    <svg viewBox="0 0 18 18" aria-hidden="true">
      <path d="M9 1.5 15.5 5.25v7.5L9 16.5l-6.5-3.75v-7.5z" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <circle cx="9" cy="9" r="2.6" fill="currentColor" />
    </svg>
  );
}
