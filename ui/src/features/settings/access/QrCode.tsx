import { useQuery } from "@tanstack/react-query";

/** Drawn here: what it holds goes to no server. Black on white in every theme, since cameras read nothing else well. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data: rows } = useQuery({
    queryKey: ["qr", text],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    queryFn: async () => {
      const { default: encodeQR } = await import("qr");
      return encodeQR(text, "raw", { ecc: "medium", border: 3 });
    },
  });
  if (!rows) return <div className="qr" />;
  return (
    <svg className="qr" viewBox={`0 0 ${rows.length} ${rows.length}`} role="img" aria-label={label}>
      <path d={pathOf(rows)} />
    </svg>
  );
}

/** One rectangle for each run of dark modules. */
export function pathOf(rows: ReadonlyArray<readonly boolean[]>): string {
  return rows
    .flatMap((row, y) =>
      row.flatMap((dark, x) => {
        if (!dark || row[x - 1]) return [];
        const end = row.indexOf(false, x);
        return [`M${x} ${y}h${(end < 0 ? row.length : end) - x}v1H${x}z`];
      }),
    )
    .join("");
}
