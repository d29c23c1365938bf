import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { isNarrowed, type Search } from "@/features/automations/search";
import { totalsQuery } from "@/features/overview/queries";
import { sessionQuery } from "@/features/session/queries";
import { Dialog } from "@/parts/Dialog";
import { Icon } from "@/parts/Icon";
import { Menu, MenuItem } from "@/parts/Menu";
import { Failure } from "@/parts/States";
import * as format from "@/text/format";
import { sameView, useKeepView, useTakeOver, useViews } from "./savedViews";

const NEEDS: Search = { status: "failed,held" };

/** All, those that need somebody, and what somebody kept under a name. */
export function Views({ search, paper }: { search: Search; paper: boolean | undefined }) {
  const { data: totals } = useQuery(totalsQuery(paper));
  const { data: session } = useQuery(sessionQuery);
  useTakeOver(session?.user ?? "");
  const views = useViews();
  const keep = useKeepView();
  const [names, setNames] = useState(false);
  const counts = totals?.statuses;
  const needs = counts ? (counts["failed"] ?? 0) + (counts["held"] ?? 0) : null;
  const own = views.find((view) => sameView(view.search, search));
  const changed = (isNarrowed(search) || search.columns !== undefined || search.sort !== undefined) && !own;
  return (
    <nav className="tabs views" aria-label="Views">
      <View search={{}} now={search} count={totals?.automations}>
        All
      </View>
      <View search={NEEDS} now={search} count={needs}>
        Failed or held
      </View>
      {views.map((view) => (
        <View key={view.name} search={view.search} now={search}>
          {view.name}
        </View>
      ))}
      {changed && (
        <button className="btn quiet small keep-view" type="button" onClick={() => setNames(true)}>
          Save this view…
        </button>
      )}
      {own && (
        <Menu label={`What to do with the view ${own.name}`} button={<Icon name="more" />}>
          <MenuItem danger disabled={keep.isPending} onChoose={() => keep.mutate({ name: own.name, search: null })}>
            Forget the view {own.name}
          </MenuItem>
        </Menu>
      )}
      {names && <Name search={search} onClose={() => setNames(false)} />}
    </nav>
  );
}

function View({
  search,
  now,
  count,
  children,
}: {
  search: Search;
  now: Search;
  count?: number | null | undefined;
  children: string;
}) {
  return (
    <Link to="/automations" search={search} activeProps={{}} aria-current={sameView(search, now) ? "page" : undefined}>
      {children}
      {count !== undefined && count !== null && <span className="n">{format.count(count)}</span>}
    </Link>
  );
}

function Name({ search, onClose }: { search: Search; onClose: () => void }) {
  const keep = useKeepView();
  const [name, setName] = useState("");
  const id = useId();
  const form = useId();
  return (
    <Dialog
      title="Save this view"
      lead="Its filters, order and columns. The node keeps it for you; its address can be given to others."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn" type="button" onClick={onClose}>
            Cancel
          </button>
          <button className="btn primary" type="submit" form={form} disabled={!name.trim() || keep.isPending}>
            Save
          </button>
        </>
      }
    >
      <form
        id={form}
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (!name.trim()) return;
          keep.mutate({ name: name.trim(), search }, { onSuccess: onClose });
        }}
      >
        <div className="field">
          <label htmlFor={id}>Name</label>
          <div className="input">
            <input id={id} value={name} maxLength={40} onChange={(event) => setName(event.target.value)} />
          </div>
        </div>
        {keep.error && <Failure error={keep.error} />}
      </form>
    </Dialog>
  );
}
