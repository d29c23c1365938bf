import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { cloneAutomation } from "@/api/client/sdk.gen";
import type { AutomationDetail } from "@/features/automation/queries";
import { accountsQuery } from "@/features/frame/queries";
import { Line } from "@/features/new/config/Line";
import { filled, normalised, type Schema } from "@/features/new/config/schema";
import { keepDraft } from "@/features/new/draft";
import { typeQuery } from "@/features/new/queries";
import { ofServer } from "@/features/new/told";
import { WithShadow } from "@/features/new/WithShadow";
import { useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Failure } from "@/parts/States";
import { readable } from "../edit/editing";

const AMOUNT = /^\d+(\.\d+)?$/;

/** Another one like it: as it is under another name, or by the form, where everything can be changed first. */
export function CloneDialog({ detail, onClose }: { detail: AutomationDetail; onClose: () => void }) {
  const { data: accounts = [] } = useQuery(accountsQuery);
  const { data: type } = useQuery(typeQuery(detail.type));
  const { state } = useConnection();
  const [name, setName] = useState(() => nextName(detail.name));
  const [account, setAccount] = useState(detail.account);
  const [budget, setBudget] = useState<Record<string, string>>(detail.budget);
  const [shadow, setShadow] = useState(false);
  const [tried, setTried] = useState(false);
  const form = useId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const chosen = accounts.find((each) => each.name === account) ?? null;
  const make = useMutation({
    mutationFn: async (start: boolean) =>
      (
        await cloneAutomation({
          path: { automation: detail.id },
          body: { name: name.trim(), account, budget, start, shadow: shadow && chosen?.simulated === false },
        })
      ).data,
    async onSuccess(made) {
      await queries.invalidateQueries({ queryKey: ["lists"] });
      onClose();
      await navigate({ to: "/automations/$automation", params: { automation: made.id } });
    },
  });
  const told = ofServer(make.error);
  const wrong: Record<string, string[] | undefined> = {
    name: tried && !name.trim() ? ["Give it a name."] : told["name"],
    account: told["account"],
  };
  const wrongBudget = Object.values(budget).some((each) => !AMOUNT.test(each));
  const off = make.isPending || state === "lost" || state === "signed-out";

  function submit(start: boolean): void {
    setTried(true);
    if (name.trim() && !wrongBudget) make.mutate(start);
  }
  function inTheForm(): void {
    if (!type) return;
    const schema = normalised(type.config as Schema);
    const [first] = Object.entries(budget);
    keepDraft(detail.type, {
      name,
      account,
      asset: first?.[0] ?? "",
      budget: first?.[1] ?? "",
      config: (readable(filled(detail.config), schema) ?? {}) as Record<string, unknown>,
    });
    void navigate({ to: "/new", search: { type: detail.type } });
  }
  return (
    <Dialog
      title={`Clone ${detail.name}`}
      lead="Its config and limits, with money of its own; orders, fills and what it remembers are not taken along."
      onClose={onClose}
      foot={
        <>
          <button className="btn quiet" type="button" onClick={inTheForm} disabled={!type}>
            Change its config first
          </button>
          <span className="grow" />
          <button className="btn" type="button" disabled={off} onClick={() => submit(false)}>
            Create paused
          </button>
          <button className="btn primary" type="submit" form={form} disabled={off}>
            Create and start
          </button>
        </>
      }
    >
      <form
        id={form}
        noValidate
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          submit(true);
        }}
      >
        <Line label="Name" error={wrong["name"]} hint="What you call it; it is unique among yours.">
          {(props) => (
            <input {...props} value={name} maxLength={128} onChange={(event) => setName(event.target.value)} />
          )}
        </Line>
        <Line label="Account" error={wrong["account"]}>
          {(props) => (
            <select {...props} value={account} onChange={(event) => setAccount(event.target.value)}>
              {accounts.map((each) => (
                <option key={each.id} value={each.name}>
                  {each.name}
                  {each.simulated ? ", play money" : ""}
                </option>
              ))}
            </select>
          )}
        </Line>
        {Object.entries(budget).map(([asset, amount]) => (
          <Line
            key={asset}
            label={`Budget, ${asset}`}
            error={
              AMOUNT.test(amount) ? told["budget"] : ["Write a number, with a point and without signs for thousands."]
            }
            hint="All that it may ever spend."
          >
            {(props) => (
              <input
                {...props}
                inputMode="decimal"
                value={amount}
                onChange={(event) => setBudget({ ...budget, [asset]: event.target.value.trim() })}
              />
            )}
          </Line>
        ))}
        <WithShadow account={chosen} on={shadow} onChange={setShadow} />
        {make.error && Object.keys(told).length === 0 && <Failure error={make.error} />}
      </form>
    </Dialog>
  );
}

/** grid becomes grid-2, grid-2 becomes grid-3. */
export function nextName(name: string): string {
  const found = /^(.*)-(\d{1,6})$/.exec(name);
  return found ? `${found[1]}-${Number(found[2]) + 1}` : `${name}-2`;
}
