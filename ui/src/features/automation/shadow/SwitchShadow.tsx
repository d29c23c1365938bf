import { useMutation, useQueryClient } from "@tanstack/react-query";
import { addShadow, removeShadow } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";

/** Give it a shadow, or take that away: what it will do is said first. */
export function SwitchShadow({ detail, onClose }: { detail: AutomationDetail; onClose: () => void }) {
  const on = !detail.shadow;
  const { state } = useConnection();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async () => {
      const path = { automation: detail.id };
      return (on ? await addShadow({ path }) : await removeShadow({ path })).data;
    },
    async onSuccess() {
      await queries.invalidateQueries({ queryKey: ["automation", detail.id] });
      onClose();
    },
  });
  return (
    <Dialog
      title={on ? `A shadow for ${detail.name}` : `Take the shadow of ${detail.name} away`}
      lead={
        on
          ? "A twin on paper from where it stands now. What differs from then on is the exchange’s doing."
          : `${detail.name} itself goes on as it is.`
      }
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            className={on ? "btn primary" : "btn danger primary"}
            type="button"
            disabled={change.isPending || state === "lost" || state === "signed-out"}
            onClick={() => change.mutate()}
          >
            {on ? "Give it a shadow" : "Take it away"}
          </button>
        </>
      }
    >
      <ul className="do plain">{on ? <Begins detail={detail} /> : <Ends />}</ul>
      {on && detail.orders.length > 0 && (
        <p className="keep">
          {detail.orders.length === 1
            ? "Its live order has"
            : `Its ${format.count(detail.orders.length)} live orders have`}{" "}
          a twin on paper, for what of it is not filled yet.
        </p>
      )}
      {change.error && <Failure error={change.error} />}
    </Dialog>
  );
}

function Begins({ detail }: { detail: AutomationDetail }) {
  return (
    <>
      <li>
        <span>
          <b>Sends nothing</b> to {detail.account}, tells nobody, and is in no list and no sum.
        </span>
      </li>
      <li>
        <span>
          <b>Looks at the same prices</b> at the same moments, with the same config, money and state.
        </span>
      </li>
      <li>
        <span>
          <b>Goes along</b>: what you do to {detail.name} is done to it, too.
        </span>
      </li>
      <li>
        <span>
          <b>Costs</b> a second evaluation at each look, and a question for prices while an order of it rests.
        </span>
      </li>
    </>
  );
}

function Ends() {
  return (
    <>
      <li>
        <span>
          <b>Cancels</b> what rests of it on paper.
        </span>
      </li>
      <li>
        <span>
          <b>Deletes</b> all that is known of how the two differ. Another one begins anew.
        </span>
      </li>
    </>
  );
}
