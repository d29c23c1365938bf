/** What a panel is told: of automations that it is about alone, by the rights of whoever looks at it. */

import { listAutomations, listFills, readAutomation, readCandles, readCourse } from "@/api/client/sdk.gen";
import type { PanelRow } from "@/api/client/types.gen";
import type { Asked } from "./bridge";

export class NotTold extends Error {}

const MOST = 500;

/** Answer what a panel asks; `own` is the automation on whose page it is. Raises NotTold, or what the node answers. */
export async function answer(
  panel: PanelRow,
  own: string | null,
  what: Asked,
  given: Record<string, unknown>,
): Promise<unknown> {
  if (what === "automations") return (await ofItsTypes(panel)).flat();
  const automation = await mine(panel, own, given["automation"]);
  switch (what) {
    case "automation":
      return automation;
    case "fills":
      return (await listFills({ query: { automation: automation.id, limit: bounded(given["limit"], 100) } })).data
        .fills;
    case "course":
      return (
        await readCourse({ path: { automation: automation.id }, query: { points: bounded(given["points"], 300) } })
      ).data;
    case "candles": {
      const symbol = given["symbol"];
      const timeframe = given["timeframe"] ?? "1h";
      if (typeof symbol !== "string" || typeof timeframe !== "string") throw new NotTold("which symbol?");
      const count = bounded(given["count"], 200);
      return (await readCandles({ query: { account: automation.account, symbol, timeframe, count } })).data;
    }
  }
}

function bounded(value: unknown, usual: number): number {
  return Number.isSafeInteger(value) ? Math.min(MOST, Math.max(2, Number(value))) : usual;
}

async function ofItsTypes(panel: PanelRow) {
  return Promise.all(
    panel.types.map(async (type) => (await listAutomations({ query: { type, limit: MOST } })).data.automations),
  );
}

async function mine(panel: PanelRow, own: string | null, asked: unknown) {
  const id = own ?? (typeof asked === "string" ? asked : null);
  if (id === null) throw new NotTold("of which automation?");
  const { data } = await readAutomation({ path: { automation: id }, query: { include: ["orders", "report"] } });
  // On an automation's page it is told of that one; elsewhere of those of its types.
  if (!panel.types.includes(data.type)) throw new NotTold("it is about automations of other types");
  return data;
}
