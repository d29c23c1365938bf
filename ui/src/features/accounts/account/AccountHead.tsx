import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { deleteAccount, editAccount } from "@/api/client/sdk.gen";
import type { AccountDetail } from "@/api/client/types.gen";
import { State } from "@/features/accounts/AccountsPage";
import { accountQuery, type LoadedAccount } from "@/features/accounts/queries";
import { openKillSwitch } from "@/features/kill-switch/open";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Line } from "@/parts/forms/Line";
import { setPreference } from "@/parts/preferences";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";
import { Mode } from "./Mode";

export function Head({ loaded }: { loaded: LoadedAccount }) {
  const { account } = loaded;
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const [asks, setAsks] = useState<"nothing" | "rename" | "delete">("nothing");
  const off = state === "lost" || state === "signed-out";
  const may = session?.scopes.includes("accounts:write") ?? false;
  return (
    <div className="page-head">
      <div className="grow">
        <p className="small muted crumb">
          <Link to="/accounts">‹ Accounts</Link>
        </p>
        <h1 className="cut">{account.name}</h1>
        <p className="say">
          <State account={account} />
          <span className={account.simulated ? "tag paper" : "tag"}>{account.simulated ? "Play money" : "Live"}</span>
          <span className="muted">
            Orders go to {placeName(account.trading, account.trading_settings)}, prices come from{" "}
            {placeName(account.market_data, account.market_data_settings)}
          </span>
        </p>
      </div>
      <div className="actions">
        {may && (
          <>
            <button className="btn quiet" type="button" disabled={off} onClick={() => setAsks("delete")}>
              Delete…
            </button>
            <button className="btn" type="button" disabled={off} onClick={() => setAsks("rename")}>
              Rename…
            </button>
            <Mode account={account} />
          </>
        )}
        {account.sending && session?.scopes.includes("kill-switch:write") && (
          <button className="btn danger" type="button" onClick={() => openKillSwitch(account.id)}>
            Stop sending…
          </button>
        )}
        {account.automations === 0 ? (
          <Link className="btn" to="/new">
            New automation
          </Link>
        ) : (
          <Link
            className="btn"
            to="/automations"
            search={{ account: account.id }}
            onClick={() => setPreference("book", account.simulated ? "paper" : "live")}
          >
            Its {format.count(account.automations)} {account.automations === 1 ? "automation" : "automations"}
          </Link>
        )}
      </div>
      {asks === "rename" && <Rename loaded={loaded} onClose={() => setAsks("nothing")} />}
      {asks === "delete" && <Delete account={account} onClose={() => setAsks("nothing")} />}
    </div>
  );
}

function Rename({ loaded, onClose }: { loaded: LoadedAccount; onClose: () => void }) {
  const { account, etag } = loaded;
  const [name, setName] = useState(account.name);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      editAccount({ path: { account: account.id }, headers: { "If-Match": etag ?? "*" }, body: { name: name.trim() } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
    },
    onError: () => void queries.invalidateQueries({ queryKey: accountQuery(account.id).queryKey }),
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    save.mutate();
  }
  return (
    <Dialog
      title={`Rename ${account.name}`}
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="btn primary" type="submit" form="rename" disabled={!name.trim() || save.isPending}>
            Rename it
          </button>
        </>
      }
    >
      <form id="rename" onSubmit={submit}>
        <Line label="Name">
          {(props) => (
            <input {...props} maxLength={128} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Line>
        {save.error && <Failure error={save.error} />}
      </form>
    </Dialog>
  );
}

function Delete({ account, onClose }: { account: AccountDetail; onClose: () => void }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteAccount({ path: { account: account.id } }),
    async onSuccess() {
      await navigate({ to: "/accounts" });
      queries.removeQueries({ queryKey: accountQuery(account.id).queryKey });
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const taken = account.automations > 0;
  return (
    <Dialog
      title={`Delete ${account.name}`}
      lead={
        taken
          ? `${format.count(account.automations)} automations are on it: delete those first.`
          : "Its keys are forgotten. What is at the exchange stays there."
      }
      onClose={onClose}
      foot={
        <>
          <button className="btn" type="button" onClick={onClose}>
            Keep it
          </button>
          <button
            className="btn danger primary"
            type="button"
            disabled={taken || remove.isPending}
            onClick={() => remove.mutate()}
          >
            Delete it
          </button>
        </>
      }
    >
      {remove.error && <Failure error={remove.error} />}
    </Dialog>
  );
}

/** What a connector that knows many exchanges stands for here. */
function placeName(use: string, settings: Record<string, unknown>): string {
  const exchange = settings["exchange"];
  return typeof exchange === "string" && exchange ? `${exchange} (${use})` : use;
}
