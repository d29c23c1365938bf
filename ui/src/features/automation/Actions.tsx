import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  deleteAutomation,
  pauseAutomation,
  resumeAutomation,
  runAutomation,
  stopAutomation,
} from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Icon } from "@/parts/Icon";
import { Menu, MenuItem } from "@/parts/Menu";
import { Failure } from "@/parts/States";
import { AskToDelete, AskToStop } from "./dialogs/AskToStop";
import { BudgetDialog } from "./dialogs/BudgetDialog";
import { CloneDialog } from "./dialogs/CloneDialog";
import { ExportDialog } from "./dialogs/ExportDialog";
import { KillOne } from "./dialogs/KillOne";
import { isEnding, isOver, pauses, resumes, stops } from "./lives";

type Command = "pause" | "resume" | "run" | "stop" | "close" | "delete";
type Asked = "budget" | "stop" | "clone" | "export" | "kill" | "delete";

/** What can be done with an automation, as it is; what ends something asks first. */
export function Actions({ detail, etag }: { detail: AutomationDetail; etag: string | null }) {
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked | null>(null);
  const command = useCommand(detail, etag);
  const may = session?.scopes.includes("automations:write") ?? false;
  const kills = session?.scopes.includes("kill-switch:write") ?? false;
  const off = command.isPending || state === "lost" || state === "signed-out";
  const { status } = detail;
  const close = () => {
    command.reset();
    setAsked(null);
  };
  return (
    <div className="actions">
      {!may && <p className="small muted">You may look; a trader may pause and stop it.</p>}
      {may && pauses(status) && (
        <button className="btn" type="button" disabled={off} onClick={() => command.mutate("pause")}>
          Pause
        </button>
      )}
      {may && resumes(status) && (
        <button className="btn" type="button" disabled={off} onClick={() => command.mutate("resume")}>
          Resume
        </button>
      )}
      {may && !isEnding(status) && (
        <Link
          className="btn"
          to="/automations/$automation"
          params={{ automation: detail.id }}
          search={{ tab: "config", edit: true }}
        >
          Edit
        </Link>
      )}
      {may && stops(status) && (
        <button className="btn" type="button" disabled={off} onClick={() => setAsked("stop")}>
          Stop…
        </button>
      )}
      {may && isOver(status) && (
        <button className="btn" type="button" disabled={off} onClick={() => setAsked("clone")}>
          Clone…
        </button>
      )}
      <Menu label={`More for ${detail.name}`} button={<Icon name="more" />}>
        {may && status === "active" && (
          <MenuItem disabled={off} onChoose={() => command.mutate("run")}>
            Decide now, before it is due
          </MenuItem>
        )}
        {may && !isEnding(status) && <MenuItem onChoose={() => setAsked("budget")}>Change budget…</MenuItem>}
        {may && !isOver(status) && <MenuItem onChoose={() => setAsked("clone")}>Clone…</MenuItem>}
        <MenuItem onChoose={() => setAsked("export")}>Export as a run file</MenuItem>
        {kills && detail.sending && !isOver(status) && (
          <MenuItem danger onChoose={() => setAsked("kill")}>
            Kill switch for this one…
          </MenuItem>
        )}
        {may && isOver(status) && (
          <MenuItem danger disabled={off} onChoose={() => setAsked("delete")}>
            Delete…
          </MenuItem>
        )}
      </Menu>
      {command.error && asked === null && (
        <div className="fail">
          <Failure error={command.error} />
        </div>
      )}
      {asked === "stop" && (
        <AskToStop
          detail={detail}
          error={command.error}
          busy={command.isPending}
          onClose={close}
          onStop={(what) => command.mutate(what, { onSuccess: close })}
        />
      )}
      {asked === "delete" && (
        <AskToDelete
          detail={detail}
          error={command.error}
          busy={command.isPending}
          onClose={close}
          onDelete={() => command.mutate("delete", { onSuccess: () => void navigate({ to: "/automations" }) })}
        />
      )}
      {asked === "budget" && <BudgetDialog of={detail} onClose={close} />}
      {asked === "clone" && <CloneDialog detail={detail} onClose={close} />}
      {asked === "export" && <ExportDialog detail={detail} onClose={close} />}
      {asked === "kill" && <KillOne detail={detail} onClose={close} />}
    </div>
  );
}

function useCommand(detail: AutomationDetail, etag: string | null) {
  const queries = useQueryClient();
  return useMutation({
    async mutationFn(what: Command) {
      const path = { automation: detail.id };
      // What one sees is what one decides about: if somebody edited it meanwhile, the node says so.
      const headers = etag ? { "If-Match": etag } : {};
      switch (what) {
        case "pause":
          return pauseAutomation({ path, headers });
        case "resume":
          return resumeAutomation({ path, headers });
        case "run":
          return runAutomation({ path, headers });
        case "stop":
          return stopAutomation({ path, headers, body: { close: false } });
        case "close":
          return stopAutomation({ path, headers, body: { close: true } });
        case "delete":
          return deleteAutomation({ path, headers });
      }
    },
    onSettled(_answer, _error, what) {
      if (what !== "delete") void queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      void queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
}
