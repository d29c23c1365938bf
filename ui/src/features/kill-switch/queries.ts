import { queryOptions } from "@tanstack/react-query";
import { listKillSwitches, readKillSwitch } from "@/api/client/sdk.gen";
import type { ChecklistLine, KillSwitchRow } from "@/api/client/types.gen";

/** Kill switches that keep something from being sent now. */
export const inForceQuery = queryOptions({
  queryKey: ["lists", "kill-switches"],
  queryFn: async () => (await listKillSwitches({ query: { in_force: true } })).data.switches,
  // Somebody else may have thrown one, at another node or on the command line.
  refetchInterval: 10_000,
});

export interface Proof {
  row: KillSwitchRow;
  lines: ChecklistLine[];
  /** Whether there are more orders than are read here. */
  more: boolean;
  asOf: string;
}

const PAGE = 500;
const PAGES_MAX = 10;

/** What became of each order that was live; read again each second until all is confirmed. */
export function proofQuery(id: string) {
  return queryOptions({
    queryKey: ["kill-switch", id],
    refetchInterval: ({ state }) => (state.data?.row.settled ? false : 1_000),
    async queryFn(): Promise<Proof> {
      const lines: ChecklistLine[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; ; page++) {
        const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
        const { data } = await readKillSwitch({ path: { switch: id }, query });
        lines.push(...data.lines);
        cursor = data.next_cursor;
        if (!cursor || page + 1 === PAGES_MAX) {
          return { row: data.switch, lines, more: Boolean(cursor), asOf: data.as_of };
        }
      }
    },
  });
}
