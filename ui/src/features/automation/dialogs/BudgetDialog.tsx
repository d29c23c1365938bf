import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { changeBudget } from "@/api/client/sdk.gen";
import type { BudgetChanged } from "@/api/client/types.gen";
import { Line } from "@/features/new/config/Line";
import { useSettled } from "@/features/new/plan";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Money, NotKnown } from "@/parts/Figures";
import { Segments } from "@/parts/forms/Segments";
import { Failure, Loading } from "@/parts/States";
import { sign, subtract } from "@/text/decimal";
import { type Amounts, amountsOf, type How, planBudgetQuery, reasonOf, type Typed, wrongAmount } from "./budget";

interface Of {
  id: string;
  name: string;
  /** What it is counted in. */
  asset: string;
}

/** Give it more of its account's money, or take some: what that comes to stands below while one types. */
export function BudgetDialog({ of, onClose }: { of: Of; onClose: () => void }) {
  const { data: standing, error, refetch } = useQuery(planBudgetQuery(of.id, null));
  return (
    <Dialog
      title={`Change the budget of ${of.name}`}
      lead="It decides at once with what it has then. A deposit is no gain, and a withdrawal no loss."
      onClose={onClose}
      foot={null}
      wide
    >
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : !standing ? (
        <Loading what="its budget" rows={3} />
      ) : standing.budget ? (
        <Form of={of} standing={standing.budget} onClose={onClose} />
      ) : (
        <Failure error={standing.problem} />
      )}
    </Dialog>
  );
}

const HOW: ReadonlyArray<{ value: How; label: string }> = [
  { value: "add", label: "Give" },
  { value: "take", label: "Take" },
  { value: "set", label: "Make it" },
];

function Form({ of, standing, onClose }: { of: Of; standing: BudgetChanged; onClose: () => void }) {
  const [typed, setTyped] = useState<Typed>({ how: "add", asset: of.asset, amount: "" });
  const { state } = useConnection();
  const amounts = amountsOf(typed);
  const settled = useSettled(amounts, 300);
  const planned = useQuery({ ...planBudgetQuery(of.id, settled), enabled: settled !== null });
  // What stands below is of what is typed, or nothing does.
  const plan = amounts !== null && JSON.stringify(amounts) === JSON.stringify(settled) ? planned.data : undefined;
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async ({ body, etag }: { body: Amounts; etag: string | null }) =>
      changeBudget({ path: { automation: of.id }, headers: etag ? { "If-Match": etag } : {}, body }),
    onSuccess: onClose,
    onSettled() {
      for (const key of [["automation", of.id], ["lists"], ["plan-budget", of.id]]) {
        void queries.invalidateQueries({ queryKey: key });
      }
    },
  });
  const assets = [...new Set([of.asset, ...standing.assets.map((each) => each.asset)])].filter(Boolean);
  const now = standing.assets.find((each) => each.asset === typed.asset);
  const most = typed.how === "take" ? now?.takeable : typed.how === "add" ? now?.addable : null;
  const wrong = wrongAmount(typed) ?? (plan?.problem ? [reasonOf(plan.problem)] : undefined);
  const off = change.isPending || state === "lost" || state === "signed-out";
  const form = useId();

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (amounts && plan?.budget && !off) change.mutate({ body: amounts, etag: plan.etag });
  }
  return (
    <form id={form} noValidate onSubmit={submit}>
      <Segments label="What to do" value={typed.how} choices={HOW} onChange={(how) => setTyped({ ...typed, how })} />
      {assets.length > 1 && (
        <Line label="Asset">
          {(props) => (
            <select
              {...props}
              value={typed.asset}
              onChange={(event) => setTyped({ ...typed, asset: event.target.value })}
            >
              {assets.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Line>
      )}
      <Line label={`Amount, ${typed.asset}`} error={wrong} hint={hintOf(typed, standing.account)}>
        {(props) => (
          <>
            <input
              {...props}
              inputMode="decimal"
              autoComplete="off"
              value={typed.amount}
              onChange={(event) => setTyped({ ...typed, amount: event.target.value.trim() })}
            />
            {most && sign(most) > 0 && (
              <button className="btn quiet small" type="button" onClick={() => setTyped({ ...typed, amount: most })}>
                {typed.how === "take" ? "All that is free" : "All that is left"}
              </button>
            )}
          </>
        )}
      </Line>
      <Comes plan={plan?.budget ?? null} standing={standing} asset={typed.asset} />
      {plan?.budget?.findings.map((each) => (
        <p key={`${each.field}${each.text}`} className="note warn">
          {each.text}
        </p>
      ))}
      {plan?.budget?.note && <p className="small muted">{plan.budget.note}</p>}
      {planned.error && <Failure error={planned.error} onRetry={() => void planned.refetch()} />}
      {change.error && <Failure error={change.error} />}
      <div className="foot">
        <button className="btn" type="button" onClick={onClose}>
          Cancel
        </button>
        <button className="btn primary" type="submit" disabled={off || !plan?.budget}>
          {amounts
            ? `${HOW.find((each) => each.value === typed.how)?.label} ${typed.amount} ${typed.asset}`
            : "Change budget"}
        </button>
      </div>
    </form>
  );
}

function hintOf({ how, asset }: Typed, account: string): string {
  if (how === "add") return `Of what ${account} has that no automation was given.`;
  if (how === "take") return "Of what it has free: what orders hold back and what is in positions stays.";
  return `All ${asset} that it was given, less what was taken; the difference moves.`;
}

type Asset = BudgetChanged["assets"][number];

/** What is before and after in one asset; before anything is typed, how it stands. */
function Comes({ plan, standing, asset }: { plan: BudgetChanged | null; standing: BudgetChanged; asset: string }) {
  const named = (each: Asset) => each.asset === asset;
  const after = plan?.assets.find(named);
  const before = standing.assets.find(named);
  const rows: Array<[string, keyof Asset & ("budget" | "free" | "reserved" | "held" | "addable")]> = [
    ["It was given", "budget"],
    ["Free", "free"],
    ["Reserved by orders", "reserved"],
    ["In positions", "held"],
    [`Left on ${standing.account}`, "addable"],
  ];
  return (
    <table aria-live="polite" aria-label="What it comes to">
      <thead>
        <tr>
          <th>{asset}</th>
          <th className="num">Now</th>
          <th className="num">Then</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([label, name]) => (
          <tr key={name}>
            <th scope="row">{label}</th>
            <td className="num muted">
              <Told value={before ? before[name] : name === "addable" ? undefined : "0"} asset={asset} />
            </td>
            <td className="num">
              {after ? <Told value={after[name]} asset={asset} moved={moved(before, after, name)} /> : "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function moved(before: Asset | undefined, after: Asset, name: "budget" | "free" | "reserved" | "held" | "addable") {
  const [was, is] = [before?.[name] ?? "0", after[name]];
  return is !== null && sign(subtract(is, was)) !== 0;
}

function Told({ value, asset, moved = false }: { value: string | null | undefined; asset: string; moved?: boolean }) {
  if (value === undefined) return <>–</>;
  if (value === null) return <NotKnown />;
  const money = <Money value={value} asset={asset} unit={false} />;
  return moved ? <b>{money}</b> : money;
}
