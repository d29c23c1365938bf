/** The next page of a list that goes on. */
export function More({ has, busy, onMore }: { has: boolean; busy: boolean; onMore: () => void }) {
  if (!has) return null;
  return (
    <p className="more-line">
      <button className="btn small" type="button" disabled={busy} onClick={onMore}>
        {busy ? "Reading" : "Show more"}
      </button>
    </p>
  );
}
