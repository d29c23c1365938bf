import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { adoptOrder, declareOrderNotSent, readOrder } from "@/api/client/sdk.gen";
import type { OrderDetail, OrderRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import ProofForm from "@/features/session/Proof";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Amount, Moment, Money } from "@/parts/Figures";
import { Shape } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { sentence } from "@/text/sentences";

type Answer = "there" | "never";

function orderQuery(id: string) {
  return { queryKey: ["order", id], queryFn: async () => (await readOrder({ path: { order: id } })).data };
}

/** What is known of an order whose outcome is not, what one may answer, and what each answer does. */
export function SettleOrder({ order, onClose }: { order: OrderRow; onClose: () => void }) {
  const { data: known, error } = useQuery(orderQuery(order.id));
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [exchangeId, setExchangeId] = useState("");
  const [looked, setLooked] = useState(false);
  const ids = { group: useId(), exchange: useId() };
  const { state } = useConnection();
  const queries = useQueryClient();
  const settle = useMutation({
    mutationFn: async () =>
      answer === "there"
        ? adoptOrder({ path: { order: order.id }, body: { exchange_order_id: exchangeId.trim() || null } })
        : declareOrderNotSent({ path: { order: order.id } }),
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["automation", order.automation_id] });
      void queries.invalidateQueries({ queryKey: ["order", order.id] });
      void queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
    },
  });
  const proves = isProblem(settle.error, "proof-required");
  const ready = answer === "there" || (answer === "never" && looked);
  return (
    <Dialog
      wide
      title={`What became of this ${order.side}?`}
      lead={
        <>
          The node asked {order.account} and got no answer that settles it. Look on the exchange, then say what you
          found.
        </>
      }
      onClose={onClose}
      foot={
        <>
          <span className="small muted grow">Written to the audit under your name.</span>
          <button className="btn" type="button" onClick={onClose}>
            Not yet
          </button>
          <button
            className={`btn primary ${answer === "never" ? "danger" : ""}`}
            type="button"
            disabled={!ready || settle.isPending || state === "lost" || state === "signed-out"}
            onClick={() => settle.mutate()}
          >
            {answer === "there" ? "It is there" : answer === "never" ? "It was never sent" : "Choose an answer"}
          </button>
        </>
      }
    >
      {known ? <Known order={known} /> : error ? <Failure error={error} /> : <Loading what="what is known" rows={5} />}
      <fieldset className="answers" aria-label="What you found">
        <label className="opt">
          <input
            type="radio"
            name={ids.group}
            checked={answer === "there"}
            onChange={() => {
              settle.reset();
              setAnswer("there");
            }}
          />
          <span>
            <b>It is there</b>, open or done.
            <br />
            <span className="muted">
              It takes its place with what the exchange says of it: what was executed is booked at once, the rest of its
              money is free again when it ends.
            </span>
          </span>
        </label>
        {answer === "there" && (
          <div className="field inner">
            <label htmlFor={ids.exchange}>The exchange’s own id of it</label>
            <div className="input">
              <input
                id={ids.exchange}
                className="mono"
                autoComplete="off"
                spellCheck={false}
                maxLength={128}
                value={exchangeId}
                onChange={(event) => setExchangeId(event.target.value)}
              />
            </div>
            <p className="hint">
              Left empty, the exchange is asked for the order’s client id; where it does not know it, that is said and
              nothing is changed.
            </p>
          </div>
        )}
        <label className="opt">
          <input
            type="radio"
            name={ids.group}
            checked={answer === "never"}
            onChange={() => {
              settle.reset();
              setAnswer("never");
            }}
          />
          <span>
            <b>It is not there, and never was.</b>
            <br />
            <span className="muted">
              Its money is free again, and the automation may order anew. If it was there after all, it trades on
              without this node, and you own it twice.
            </span>
          </span>
        </label>
        {answer === "never" && (
          <label className="opt inner">
            <input
              className="check"
              type="checkbox"
              checked={looked}
              onChange={(event) => setLooked(event.target.checked)}
            />
            <span>I looked at the exchange’s open orders, closed orders and trades since it was sent.</span>
          </label>
        )}
      </fieldset>
      {proves ? <ProofForm onProved={() => settle.mutate()} /> : settle.error && <Failure error={settle.error} />}
    </Dialog>
  );
}

function Known({ order }: { order: OrderDetail }) {
  const now = useNow();
  const [base = "", quote = ""] = order.symbol.split("/");
  return (
    <>
      <p className="lead-line">
        <Shape mark="unknown" />
        <span>
          <b>
            {order.side === "buy" ? "Buy" : "Sell"}{" "}
            {order.amount !== null ? (
              <Amount value={order.amount} asset={base} />
            ) : (
              order.spend !== null && (
                <>
                  {base} for <Money value={order.spend} asset={quote} />
                </>
              )
            )}{" "}
            {order.price !== null
              ? `at ${format.price(order.price)}`
              : order.stop !== null
                ? `at its stop ${format.price(order.stop)}`
                : "at market"}
          </b>
          {order.reason && <span className="muted">. {sentence(order.reason)}</span>}
        </span>
      </p>
      <dl className="facts">
        <div>
          <dt>Last sent</dt>
          <dd>{order.sent_at ? <Moment at={order.sent_at} now={now} /> : "never, as far as the node knows"}</dd>
        </div>
        <div>
          <dt>Requests that went out</dt>
          <dd>{format.count(order.attempts)}</dd>
        </div>
        <div>
          <dt>Known to be filled</dt>
          <dd>
            <Amount value={order.filled} asset={base} />
          </dd>
        </div>
        {order.reserved_asset && (
          <div>
            <dt>Kept back for it</dt>
            <dd>
              <Money value={order.reserved} asset={order.reserved_asset} />
            </dd>
          </div>
        )}
        <div>
          <dt>Its client id, to look for</dt>
          <dd className="mono">{order.client_order_id}</dd>
        </div>
        {order.exchange_order_id && (
          <div>
            <dt>The exchange’s id</dt>
            <dd className="mono">{order.exchange_order_id}</dd>
          </div>
        )}
      </dl>
    </>
  );
}
