import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { ComparedFigure, Comparison, ConfigDifference } from "@/api/client/types.gen";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { comparisonQuery, replaysQuery } from "@/features/replays/queries";
import { known, write } from "@/features/replays/report/figures";
import { Curves } from "@/parts/charts/Curves";
import { Dialog } from "@/parts/Dialog";
import { Segments } from "@/parts/forms/Segments";
import { Icon } from "@/parts/Icon";
import { Empty, Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";
import { drawdownCurves, LETTERS, resultCurves } from "./comparing";

export interface CompareSearch {
  replays: string[];
  show?: "difference";
}

/** Replays on one axis of time: as they are, or as what they are more than the first. */
export default function ComparePage({ search }: { search: CompareSearch }) {
  const difference = search.show === "difference";
  const found = useQuery(comparisonQuery(search.replays));
  const [adds, setAdds] = useState(false);
  const navigate = useNavigate();
  const go = (next: CompareSearch) => void navigate({ to: "/replays/compare", search: next, replace: true });
  return (
    <div className="page">
      <div className="page-head">
        <div className="grow">
          <p className="small muted crumb">
            <Link to="/replays">‹ Replays</Link>
          </p>
          <h1>{search.replays.length} replays compared</h1>
        </div>
        <div className="actions">
          <Segments
            label="What is shown"
            value={difference ? "difference" : "results"}
            choices={[
              { value: "results", label: "Results" },
              { value: "difference", label: "Difference to A" },
            ]}
            onChange={(value) =>
              go({ replays: search.replays, ...(value === "difference" ? { show: "difference" } : {}) })
            }
          />
          <button
            className="btn"
            type="button"
            disabled={search.replays.length >= LETTERS.length}
            onClick={() => setAdds(true)}
          >
            Add a replay…
          </button>
        </div>
      </div>
      {search.replays.length < 2 ? (
        <Empty
          title="Choose two or more"
          action={
            <Link className="btn" to="/replays">
              Choose replays
            </Link>
          }
        >
          Only replays that are finished can be compared.
        </Empty>
      ) : found.error ? (
        <Failure error={found.error} onRetry={() => void found.refetch()} />
      ) : !found.data ? (
        <Loading what="the comparison" rows={10} />
      ) : (
        <div className="rep">
          <div>
            <Course comparison={found.data} difference={difference} />
            <Differences comparison={found.data} />
          </div>
          <Figures comparison={found.data} difference={difference} onOrder={(ids) => go({ ...search, replays: ids })} />
        </div>
      )}
      {adds && (
        <Add
          taken={search.replays}
          onClose={() => setAdds(false)}
          onAdd={(id) => {
            setAdds(false);
            go({ ...search, replays: [...search.replays, id] });
          }}
        />
      )}
    </div>
  );
}

function Course({ comparison, difference }: { comparison: Comparison; difference: boolean }) {
  const panes = useMemo(
    () => [
      {
        title: "",
        curves: resultCurves(comparison, difference),
        height: 360,
        write: format.percent,
        base: 0,
      },
      {
        title: "Drawdown",
        curves: drawdownCurves(comparison),
        height: 84,
        write: format.percent,
        base: 0,
      },
    ],
    [comparison, difference],
  );
  const what = difference ? "Difference of results to A, percentage points" : "Result, % of what it began with";
  return (
    <section className="blk" aria-labelledby="h-course">
      <div className="section-head">
        <h2 id="h-course">{what}</h2>
      </div>
      <Curves
        label={`${what}: ${comparison.replays.map((each, index) => `${LETTERS[index]} ${each.name}`).join(", ")}`}
        times={comparison.times}
        panes={panes}
      />
      {comparison.notes.length > 2 ? (
        <div className="note warn">
          <Icon name="warn" />
          <ul className="plainlist">
            {comparison.notes.map((note) => (
              <li key={note}>{capital(note)}</li>
            ))}
          </ul>
        </div>
      ) : (
        comparison.notes.map((note) => (
          <div className="note warn" key={note}>
            <Icon name="warn" />
            <p>{capital(note)}</p>
          </div>
        ))
      )}
    </section>
  );
}

function Figures({
  comparison,
  difference,
  onOrder,
}: {
  comparison: Comparison;
  difference: boolean;
  onOrder: (ids: string[]) => void;
}) {
  const nameOf = useTypeNames();
  const { replays } = comparison;
  const ids = replays.map((each) => each.id);
  const asset = replays[0]?.asset ?? "";
  return (
    <section className="blk" aria-labelledby="h-figures">
      <div className="section-head">
        <h2 id="h-figures">Figures</h2>
        <span className="end">{difference ? "More or less than A" : "Underlined: the best"}</span>
      </div>
      <section className="scroll" aria-label="Figures of each replay">
        <table className="cmp">
          <thead>
            <tr>
              <th>
                <span className="vh">Figure</span>
              </th>
              {replays.map((each, index) => (
                <th key={each.id} className={`num t-${"abcdef"[index]}`}>
                  <Link to="/replays/$replay" params={{ replay: each.id }} title={`${each.name}, ${nameOf(each.type)}`}>
                    {LETTERS[index]}
                  </Link>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {comparison.figures.map((figure) => (
              <tr key={figure.figure}>
                <th scope="row" title={known(figure.figure).meaning}>
                  {known(figure.figure).label}
                  {figure.kind === "amount" && <span className="unit">{asset}</span>}
                </th>
                {replays.map((each, index) => (
                  <td key={each.id} className={`num ${figure.best.includes(index) && !difference ? "best" : ""}`}>
                    <Cell figure={figure} index={index} asset={each.asset} difference={difference} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <ul className="compared">
        {replays.map((each, index) => (
          <li key={each.id}>
            <b className={`t-${"abcdef"[index]}`}>{LETTERS[index]}</b>
            <Link className="grow cut" to="/replays/$replay" params={{ replay: each.id }}>
              {each.name}
            </Link>
            {index > 0 && (
              <button
                className="btn quiet small"
                type="button"
                onClick={() => onOrder([each.id, ...ids.filter((id) => id !== each.id)])}
              >
                Make it A
              </button>
            )}
            {replays.length > 2 && (
              <button
                className="btn quiet icon"
                type="button"
                aria-label={`Leave out ${each.name}`}
                onClick={() => onOrder(ids.filter((id) => id !== each.id))}
              >
                <Icon name="x" />
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Cell({
  figure,
  index,
  asset,
  difference,
}: {
  figure: ComparedFigure;
  index: number;
  asset: string;
  difference: boolean;
}) {
  const shows = difference && index > 0;
  const value = (shows ? figure.differences : figure.values)[index] ?? null;
  if (value === null) {
    return (
      <span className="faint" title="It cannot be told honestly: see its report">
        –
      </span>
    );
  }
  const result = known(figure.figure).result ?? false;
  const text = write(value, figure.kind, asset, result || shows);
  return <span className={result && !shows ? format.gainOrLoss(text) : ""}>{text}</span>;
}

function Differences({ comparison }: { comparison: Comparison }) {
  return (
    <section className="blk" aria-labelledby="h-differ">
      <div className="section-head">
        <h2 id="h-differ">In what they differ</h2>
      </div>
      {comparison.differences.length === 0 ? (
        <p className="muted none">In nothing: their settings are the same.</p>
      ) : (
        <dl className="facts diff">
          {comparison.differences.map((each) => (
            <div key={each.field}>
              <dt className="mono">{each.field}</dt>
              <dd>
                {each.values.map((_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a place is what tells them apart
                  <span key={index}>
                    <b className={`t-${"abcdef"[index]}`}>{LETTERS[index]}</b> {setting(each, index)}
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function setting({ values }: ConfigDifference, index: number): string {
  const value: unknown = values[index];
  if (value === null || value === undefined) return "none";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Add({
  taken,
  onAdd,
  onClose,
}: {
  taken: readonly string[];
  onAdd: (id: string) => void;
  onClose: () => void;
}) {
  const nameOf = useTypeNames();
  const { data } = useInfiniteQuery(replaysQuery);
  const others =
    data?.pages
      .flatMap((page) => page.replays)
      .filter((each) => each.status === "finished" && !taken.includes(each.id)) ?? [];
  return (
    <Dialog
      title="Add a replay"
      onClose={onClose}
      foot={
        <button className="btn" type="button" onClick={onClose}>
          Cancel
        </button>
      }
    >
      {others.length === 0 ? (
        <p className="muted">There is no other one that is finished.</p>
      ) : (
        <ul className="picklist">
          {others.map((each) => (
            <li key={each.id}>
              <button type="button" onClick={() => onAdd(each.id)}>
                <b>{each.name}</b>
                <span className="muted">
                  {each.types.map(nameOf).join(", ")} on {each.symbols.join(", ")}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
