/** The kill switch is one of the frame; whoever wants it opened, from wherever, asks here. */

type Listener = (account: string | null) => void;

const listeners = new Set<Listener>();

/** Of everything, or of an account by its id; nothing is thrown before somebody confirms it. */
export function openKillSwitch(account: string | null = null): void {
  for (const listener of listeners) listener(account);
}

export function onKillSwitchAsked(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
