import { useQuery } from "@tanstack/react-query";
import { exportAutomations } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { Dialog } from "@/parts/Dialog";
import { Copy } from "@/parts/forms/Copy";
import { download } from "@/parts/forms/saving";
import { Failure, Loading } from "@/parts/States";

function runFileQuery(id: string) {
  return {
    queryKey: ["automation", id, "run-file"],
    queryFn: async () => {
      const { data } = await exportAutomations({ query: { automation: [id], format: "yaml" }, parseAs: "text" });
      return data as unknown as string;
    },
  };
}

/** It as a run file, which the command line and *import* take back; what is secret is left out, and said. */
export function ExportDialog({ detail, onClose }: { detail: AutomationDetail; onClose: () => void }) {
  const { data: text, error, refetch } = useQuery(runFileQuery(detail.id));
  return (
    <Dialog
      wide
      title={`${detail.name} as a run file`}
      lead="Its config, limits and budget with its account, without secrets, money, orders and what it remembers."
      onClose={onClose}
      foot={
        <>
          <span className="small muted grow">
            <code>octobot-node run FILE</code> runs it, <code>automations create FILE</code> adds it to a node.
          </span>
          {text !== undefined && <Copy text={text} />}
          {text !== undefined && (
            <button
              className="btn primary"
              type="button"
              onClick={() => download(`${detail.name.replaceAll(/[^\w.-]+/g, "-")}.yaml`, text, "application/yaml")}
            >
              Download
            </button>
          )}
        </>
      }
    >
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : text === undefined ? (
        <Loading what="the run file" rows={8} />
      ) : (
        <textarea className="text" readOnly aria-label="Run file" rows={18} value={text} />
      )}
    </Dialog>
  );
}
