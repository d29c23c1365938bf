import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { releaseKillSwitch } from "@/api/client/sdk.gen";
import { isProblem } from "@/api/http";
import ProofForm from "@/features/session/Proof";
import { sessionQuery } from "@/features/session/queries";
import { Dialog } from "@/parts/Dialog";
import { Icon, Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { type AccountProof, byAccount } from "./proof";
import { type Proof, proofQuery } from "./queries";

/** What each exchange confirmed since the kill switch was thrown; it goes on whether this is open or not. */
export function Checklist({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: proof, error, refetch } = useQuery(proofQuery(id));
  const close = (
    <button className="btn primary" type="button" onClick={onClose}>
      Close
    </button>
  );
  if (!proof) {
    return (
      <Dialog wide title="Kill switch" onClose={onClose} foot={close}>
        {error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading what="what was confirmed" />}
      </Dialog>
    );
  }
  return <Found proof={proof} onClose={onClose} close={close} />;
}

function Found({ proof, onClose, close }: { proof: Proof; onClose: () => void; close: React.ReactNode }) {
  const { row, lines } = proof;
  const accounts = byAccount(lines);
  const total = accounts.reduce(
    (all, each) => ({
      cancelled: all.cancelled + each.cancelled,
      filled: all.filled + each.filled,
      unknown: all.unknown + each.unknown,
      open: all.open + each.open,
    }),
    { cancelled: 0, filled: 0, unknown: 0, open: 0 },
  );
  const gone = total.cancelled + total.filled;
  const scope = row.scope === "everything" ? "everything" : row.target;
  return (
    <Dialog
      wide
      title={title(proof, gone)}
      lead={
        <>
          Of {scope}, since {format.timeOfDay(new Date(row.thrown_at))} {format.zoneName()}, by {row.by}: {row.reason}.{" "}
          {row.settled ? "Each line is what the exchange itself answered." : "Now cancelling what rests."}
        </>
      }
      onClose={onClose}
      foot={
        <>
          <span className="small muted grow">
            {row.settled
              ? `As of ${format.timeOfDay(new Date(proof.asOf))} ${format.zoneName()}`
              : "You may close this: it goes on, also if the dashboard or a node goes away."}
          </span>
          <Release proof={proof} onReleased={onClose} />
          {close}
        </>
      }
    >
      <dl className="big3">
        <div>
          <dt>
            <Shape mark="cancelled" />
            Cancelled
          </dt>
          <dd>{format.count(total.cancelled)}</dd>
        </div>
        <div>
          <dt>
            <Shape mark="filled" />
            Filled before
          </dt>
          <dd>{format.count(total.filled)}</dd>
        </div>
        {total.open > 0 && (
          <div>
            <dt>
              <Shape mark="sent" />
              Still asked for
            </dt>
            <dd>{format.count(total.open)}</dd>
          </div>
        )}
        {total.unknown > 0 && (
          <div>
            <dt>
              <Shape mark="unknown" />
              Unknown
            </dt>
            <dd className="unk">{format.count(total.unknown)}</dd>
          </div>
        )}
      </dl>
      {row.orders === 0 ? (
        <p className="muted">No order was live: there is nothing to cancel.</p>
      ) : (
        <AccountTable accounts={accounts} />
      )}
      {proof.more && (
        <p className="small muted">
          Of the first {format.count(lines.length)} orders; the rest is counted by the node.
        </p>
      )}
      {lines
        .filter((line) => line.advice)
        .slice(0, 5)
        .map((line) => (
          <div className="note unk" key={line.order}>
            <Shape mark="unknown" />
            <p>
              <b>
                {line.side} {line.symbol} of {line.automation}:
              </b>{" "}
              {line.outcome}. {line.advice}
            </p>
          </div>
        ))}
    </Dialog>
  );
}

function title({ row }: Proof, gone: number): string {
  if (row.orders === 0) return "Nothing is sent any more";
  if (row.settled) return `${format.count(gone)} of ${format.count(row.orders)} orders are proven gone`;
  return `Nothing is sent any more: ${format.count(gone)} of ${format.count(row.orders)} orders are gone`;
}

function AccountTable({ accounts }: { accounts: AccountProof[] }) {
  return (
    <table>
      <thead>
        <tr>
          <th>Account</th>
          <th className="num">Cancelled</th>
          <th className="num">Filled before</th>
          <th className="num">Unknown</th>
          <th className="num">Left open</th>
          <th className="num desk-only">Confirmed</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map((each) => (
          <tr key={each.account}>
            <th scope="row">
              <span className="status">
                {each.unknown > 0 ? (
                  <Shape mark="unknown" />
                ) : each.open > 0 ? (
                  <Shape mark="sent" />
                ) : (
                  <Icon name="ok" />
                )}
                {each.account}
              </span>
            </th>
            <td className="num">{format.count(each.cancelled)}</td>
            <td className="num">{format.count(each.filled)}</td>
            <td className={`num ${each.unknown ? "unk" : "muted"}`}>{format.count(each.unknown)}</td>
            <td className="num">{each.unknown ? <span className="unk">not known</span> : format.count(each.open)}</td>
            <td className="num muted desk-only">
              {each.confirmedAt ? format.timeOfDay(new Date(each.confirmedAt)) : "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Release({ proof, onReleased }: { proof: Proof; onReleased: () => void }) {
  const { row } = proof;
  const queries = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [sure, setSure] = useState(false);
  const release = useMutation({
    mutationFn: () => releaseKillSwitch({ path: { switch: row.id }, body: { even_if_unsettled: !row.settled } }),
    onSuccess() {
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      onReleased();
    },
  });
  if (!row.in_force || !session?.scopes.includes("kill-switch:write")) return null;
  if (isProblem(release.error, "proof-required")) return <ProofForm onProved={() => release.mutate()} />;
  if (release.error) return <span className="bad">{(release.error as Error).message}</span>;
  if (!sure) {
    return (
      <button className="btn" type="button" onClick={() => setSure(true)}>
        Let it go on…
      </button>
    );
  }
  return (
    <button className="btn danger" type="button" disabled={release.isPending} onClick={() => release.mutate()}>
      {row.settled ? "Send orders again" : "Send again, though not all is confirmed"}
    </button>
  );
}
