import type { AutomationRow } from "@/api/client/types.gen";
import type { Command } from "./commands";

/** What can be done with an automation from the palette, as it stands. */
export function ofAutomation(
  row: AutomationRow,
  words: string,
  command: (doing: { row: AutomationRow; what: "pause" | "resume" }) => void,
  visit: (id: string) => void,
  edit: (id: string) => void,
): Command[] {
  const runs = row.status === "active" || row.status === "waiting";
  const rests = row.open_orders === 1 ? "its order stays" : `its ${row.open_orders} orders stay`;
  const found: Command[] = [];
  if (runs) {
    found.push({
      id: `pause ${row.id}`,
      group: "Commands",
      label: `Pause ${row.name}`,
      hint: row.open_orders > 0 ? rests : "decides nothing until it is resumed",
      mark: "paused",
      words,
      run: () => command({ row, what: "pause" }),
    });
  }
  if (row.status === "paused") {
    found.push({
      id: `resume ${row.id}`,
      group: "Commands",
      label: `Resume ${row.name}`,
      mark: "active",
      words,
      run: () => command({ row, what: "resume" }),
    });
  }
  if (runs || row.status === "paused") {
    found.push({
      id: `edit ${row.id}`,
      group: "Commands",
      label: `Edit ${row.name}…`,
      hint: "its config and limits, with the plan",
      icon: "settings",
      words: `${words} change`,
      run: () => edit(row.id),
    });
    found.push({
      id: `stop ${row.id}`,
      group: "Commands",
      label: `Stop ${row.name}…`,
      hint: "asks first, on its page",
      mark: "stopping",
      words,
      run: () => visit(row.id),
    });
  }
  return found;
}
