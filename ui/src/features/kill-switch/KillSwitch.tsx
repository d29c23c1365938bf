import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { throwKillSwitch } from "@/api/client/sdk.gen";
import { accountsQuery, nodeQuery } from "@/features/frame/queries";
import { sessionQuery } from "@/features/session/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Icon, Shape } from "@/parts/Icon";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";
import { Checklist } from "./Checklist";
import { onKillSwitchAsked } from "./open";
import { inForceQuery } from "./queries";

type Open = { what: "closed" } | { what: "confirm"; account: string | null } | { what: "proof"; id: string };

/** The button on every page, and what it opens: what will happen, one confirmation, then what was confirmed. */
export function KillSwitch() {
  const [open, setOpen] = useState<Open>({ what: "closed" });
  const { data: inForce = [] } = useQuery(inForceQuery);
  const [first] = inForce;
  useEffect(() => {
    const ask = (account: string | null) =>
      setOpen((was) => (was.what === "closed" ? { what: "confirm", account } : was));
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        ask(null);
      }
    };
    addEventListener("keydown", onKey);
    const forget = onKillSwitchAsked(ask);
    return () => {
      removeEventListener("keydown", onKey);
      forget();
    };
  }, []);
  const close = () => setOpen({ what: "closed" });
  return (
    <>
      {first && (
        <button
          className="btn danger primary"
          type="button"
          onClick={() => setOpen({ what: "proof", id: first.id })}
          title={`Thrown by ${first.by}: ${first.reason}`}
        >
          {first.scope === "everything" ? "Sending is off" : `${first.target} is off`}
        </button>
      )}
      {first?.scope !== "everything" && (
        <button
          className="btn danger"
          type="button"
          aria-keyshortcuts="Control+Shift+K"
          onClick={() => setOpen({ what: "confirm", account: null })}
        >
          <Icon name="kill" />
          <span>Kill switch</span>
        </button>
      )}
      {open.what === "confirm" && (
        <Confirm first={open.account} onClose={close} onThrown={(id) => setOpen({ what: "proof", id })} />
      )}
      {open.what === "proof" && <Checklist id={open.id} onClose={close} />}
    </>
  );
}

function Confirm({
  first,
  onClose,
  onThrown,
}: {
  first: string | null;
  onClose: () => void;
  onThrown: (id: string) => void;
}) {
  const { data: accounts = [] } = useQuery(accountsQuery);
  const { data: node } = useQuery(nodeQuery);
  const { data: session } = useQuery(sessionQuery);
  const { state } = useConnection();
  const queries = useQueryClient();
  const [target, setTarget] = useState<string | null>(first);
  const [reason, setReason] = useState("");
  const ids = { reason: useId(), account: useId() };
  const account = accounts.find((each) => each.id === target) ?? null;
  const may = session?.scopes.includes("kill-switch:write") ?? false;
  const thrown = useMutation({
    mutationFn: async () =>
      (
        await throwKillSwitch({
          body: {
            scope: account ? "account" : "everything",
            target: account?.id ?? null,
            reason: reason.trim() || "thrown on the dashboard",
          },
        })
      ).data,
    onSuccess({ switch: row }) {
      void queries.invalidateQueries({ queryKey: ["lists"] });
      onThrown(row.id);
    },
  });
  const orders = account
    ? account.open_orders
    : (node?.open_orders ?? accounts.reduce((all, each) => all + each.open_orders, 0));
  const unknown = account
    ? account.unknown_orders
    : (node?.unknown_orders ?? accounts.reduce((all, each) => all + each.unknown_orders, 0));
  const automations = account ? account.automations : accounts.reduce((all, each) => all + each.automations, 0);
  return (
    <Dialog
      wide
      title="Kill switch"
      lead="Stops all sending at once, then cancels what rests on the exchanges and shows what each confirmed."
      onClose={onClose}
      foot={
        <>
          <span className="small muted grow">
            {may
              ? `Audited as ${session?.user ?? ""}`
              : "You may look. Traders stop what is theirs, admins everything."}
          </span>
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          {may && (
            <button
              className="btn danger primary"
              type="button"
              disabled={thrown.isPending || state === "signed-out"}
              onClick={() => thrown.mutate()}
            >
              <Icon name="kill" />
              {account ? `Stop ${account.name}` : "Stop everything"}
            </button>
          )}
        </>
      }
    >
      <fieldset>
        <legend className="label">Stop</legend>
        <div className="scope">
          <label>
            <input type="radio" name="scope" checked={target === null} onChange={() => setTarget(null)} />
            <b>Everything</b>
            <span>
              {counted(automations, "automation")}, on {counted(accounts.length, "account")}
            </span>
          </label>
          {accounts.slice(0, 3).map((each) => (
            <label key={each.id}>
              <input type="radio" name="scope" checked={target === each.id} onChange={() => setTarget(each.id)} />
              <b className="cut">{each.name}</b>
              <span>
                {counted(each.automations, "automation")}
                {each.simulated ? ", play money" : ""}
              </span>
            </label>
          ))}
        </div>
        {accounts.length > 3 && (
          <div className="field mt-2">
            <label htmlFor={ids.account}>Another account</label>
            <div className="input">
              <select id={ids.account} value={target ?? ""} onChange={(event) => setTarget(event.target.value || null)}>
                <option value="">None: everything</option>
                {accounts.map((each) => (
                  <option key={each.id} value={each.id}>
                    {each.name}
                  </option>
                ))}
              </select>
            </div>
          </div>
        )}
      </fieldset>
      <h3>It will</h3>
      <ul className="do">
        <li>
          <Icon name="kill" />
          <span>
            <b>Send nothing more</b>, on any node, from the moment you press. Decisions go on; what they plan stays
            here.
          </span>
          <span className="num muted">at once</span>
        </li>
        <li>
          <Shape mark="cancelled" />
          <span>
            <b>Cancel {counted(orders, "resting order")}</b> that these automations placed
          </span>
          <span className="num muted">as fast as allowed</span>
        </li>
        {unknown > 0 && (
          <li>
            <Shape mark="unknown" />
            <span>
              <b>Ask for {counted(unknown, "order")} of unknown outcome</b> until each exchange has answered
            </span>
            <span className="num muted">as long as it takes</span>
          </li>
        )}
      </ul>
      <p className="keep">
        It leaves alone: the coins already bought, which go on moving with the market, and orders that you placed
        yourself.
      </p>
      {may && (
        <div className="field why">
          <label htmlFor={ids.reason}>Why, for whoever reads it later</label>
          <div className="input">
            <input id={ids.reason} value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
          </div>
        </div>
      )}
      {thrown.error && <Failure error={thrown.error} />}
    </Dialog>
  );
}

function counted(value: number, what: string): string {
  return `${format.count(value)} ${what}${value === 1 ? "" : "s"}`;
}
