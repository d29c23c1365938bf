import { useState } from "react";
import { useConnection } from "@/live/connection";
import { Icon } from "@/parts/Icon";
import { Menu, MenuItem } from "@/parts/Menu";
import * as format from "@/text/format";
import BulkDialog from "./BulkDialog";
import type { Chosen, Command } from "./bulk";
import type { Filter } from "./queries";

/** Which rows are marked: some of them, or all that fit, however many those are. */
export type Marks = { all: true } | { all: false; ids: ReadonlySet<string> };

export const NONE: Marks = { all: false, ids: new Set() };

export function isMarked(marks: Marks, id: string): boolean {
  return marks.all || marks.ids.has(id);
}

export function counted(marks: Marks, total: number): number {
  return marks.all ? total : marks.ids.size;
}

/** One more, or one less; of all that fit one cannot be taken out: it is then those on the page that are marked. */
export function toggled(marks: Marks, id: string, shown: readonly string[]): Marks {
  const ids = new Set(marks.all ? shown : marks.ids);
  if (ids.has(id)) ids.delete(id);
  else ids.add(id);
  return { all: false, ids };
}

const MOST = 5_000;

/** What is marked, and what can be done with it; each is looked at first, and counted. */
export function Marked({
  marks,
  total,
  filter,
  onMark,
}: {
  marks: Marks;
  total: number;
  filter: Filter;
  onMark: (marks: Marks) => void;
}) {
  const [asked, setAsked] = useState<{ command: Command; chosen: Chosen; count: number } | null>(null);
  const { state } = useConnection();
  const count = counted(marks, total);
  const off = state === "lost" || state === "signed-out" || (!marks.all && count > MOST);
  const ask = (command: Command) =>
    setAsked({ command, count, chosen: marks.all ? { filter } : { ids: [...marks.ids] } });
  if (count === 0 && !asked) return null;
  return (
    <section className="marked" aria-label="Marked automations">
      <b>
        {marks.all
          ? `All ${format.count(total)} that fit are marked`
          : `${format.count(count)} ${count === 1 ? "is" : "are"} marked`}
      </b>
      {!marks.all && count < total && (
        <button className="btn quiet small" type="button" onClick={() => onMark({ all: true })}>
          All {format.count(total)} that fit
        </button>
      )}
      <button className="btn quiet small" type="button" onClick={() => onMark(NONE)}>
        None
      </button>
      <span className="does">
        <button className="btn small" type="button" disabled={off} onClick={() => ask("resume")}>
          Resume…
        </button>
        <button className="btn small" type="button" disabled={off} onClick={() => ask("pause")}>
          Pause…
        </button>
        <button className="btn small" type="button" disabled={off} onClick={() => ask("stop")}>
          Stop…
        </button>
        <Menu label="More for those marked" button={<Icon name="more" />}>
          <MenuItem disabled={off} onChoose={() => ask("run_now")}>
            Decide now…
          </MenuItem>
          <MenuItem danger disabled={off} onChoose={() => ask("stop_close")}>
            Stop and sell…
          </MenuItem>
          <MenuItem danger disabled={off} onChoose={() => ask("delete")}>
            Delete those that ended…
          </MenuItem>
        </Menu>
      </span>
      {asked && (
        <BulkDialog
          {...asked}
          onClose={() => setAsked(null)}
          onDone={() => {
            if (asked.command === "delete") onMark(NONE);
          }}
        />
      )}
    </section>
  );
}
