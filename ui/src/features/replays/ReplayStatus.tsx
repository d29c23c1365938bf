import type { ReplayRow } from "@/api/client/types.gen";
import { type Mark, Shape } from "@/parts/Icon";

const MARKS: Record<ReplayRow["status"], { mark: Mark; label: string; dress: string }> = {
  queued: { mark: "planned", label: "Waits its turn", dress: "" },
  running: { mark: "completing", label: "Runs", dress: "" },
  finished: { mark: "completed", label: "Finished", dress: "" },
  failed: { mark: "failed", label: "Failed", dress: "bad" },
  cancelled: { mark: "cancelled", label: "Cancelled", dress: "" },
};

export function ReplayStatus({ status, label }: { status: ReplayRow["status"]; label?: string }) {
  const found = MARKS[status];
  return (
    <span className={`status ${found.dress}`}>
      <Shape mark={found.mark} />
      {label ?? found.label}
    </span>
  );
}
