/** The kill switch is one of the frame; whoever wants it opened, from wherever, asks here. */

const listeners = new Set<() => void>();

export function openKillSwitch(): void {
  for (const listener of listeners) listener();
}

export function onKillSwitchAsked(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
