import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { deleteCandleSet, sendCandles } from "@/api/client/sdk.gen";
import type { CandleSetRow } from "@/api/client/types.gen";
import { candleSetsQuery } from "@/features/replays/queries";
import { Line } from "@/parts/forms/Line";
import { TwoSteps } from "@/parts/forms/TwoSteps";
import { Icon } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import * as format from "@/text/format";

/** Which candles: those that the node has, or a file that is sent to it. */
export function Candles({
  chosen,
  symbol,
  error,
  onChoose,
}: {
  chosen: readonly string[];
  /** The market that the config names; sets of it stand first. */
  symbol: string;
  error: string | undefined;
  onChoose: (chosen: readonly string[]) => void;
}) {
  const { data: sets, error: failed, refetch } = useQuery(candleSetsQuery);
  const [sending, setSending] = useState(false);
  const fits = (each: CandleSetRow) => symbol !== "" && each.symbol === symbol;
  const sorted = [...(sets ?? [])].sort((a, b) => Number(fits(b)) - Number(fits(a)));
  function toggle(set: CandleSetRow, on: boolean): void {
    // One for each symbol: another of the same takes its place.
    const others = chosen.filter((id) => id !== set.id && sets?.find((each) => each.id === id)?.symbol !== set.symbol);
    onChoose(on ? [...others, set.id] : others);
  }
  return (
    <fieldset className="part candles">
      <legend className="label">Candles</legend>
      <p className={`hint ${error ? "bad" : ""}`}>{error ?? "What it is replayed on: one set for each market."}</p>
      {failed ? (
        <Failure error={failed} onRetry={() => void refetch()} />
      ) : !sets ? (
        <Loading what="the candle sets" rows={2} />
      ) : (
        <ul className="sets">
          {sorted.map((each) => (
            <CandleSet key={each.id} set={each} on={chosen.includes(each.id)} onToggle={(on) => toggle(each, on)} />
          ))}
        </ul>
      )}
      {sending || sets?.length === 0 ? (
        <SendFile
          symbol={symbol}
          onSent={(set) => {
            setSending(false);
            toggle(set, true);
          }}
          onCancel={sets?.length === 0 ? null : () => setSending(false)}
        />
      ) : (
        <button className="btn small add" type="button" onClick={() => setSending(true)}>
          <Icon name="new" />
          Send a file…
        </button>
      )}
    </fieldset>
  );
}

export function said(set: CandleSetRow): string {
  const missing = set.missing === 0 ? "none missing" : `${format.count(set.missing)} missing`;
  return `${format.count(set.candles)} candles of ${set.timeframe}, ${period(set.start, set.end)}, ${missing}`;
}

function period(start: string, end: string): string {
  return `${format.dayAndTime(new Date(start))} to ${format.dayAndTime(new Date(end))}`;
}

function CandleSet({ set, on, onToggle }: { set: CandleSetRow; on: boolean; onToggle: (on: boolean) => void }) {
  const id = useId();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteCandleSet({ path: { candles: set.id } }),
    onSuccess() {
      onToggle(false);
      void queries.invalidateQueries({ queryKey: candleSetsQuery.queryKey });
    },
  });
  return (
    <li>
      <input
        className="check"
        id={id}
        type="checkbox"
        checked={on}
        onChange={(event) => onToggle(event.target.checked)}
      />
      <label htmlFor={id}>
        <b>{set.symbol}</b> <span className="muted">{set.name}</span>
        <span className="why-line">{said(set)}</span>
        {set.notes.map((note) => (
          <span className="why-line" key={note}>
            {note}
          </span>
        ))}
        {remove.error && <span className="why-line bad">{remove.error.message}</span>}
      </label>
      <TwoSteps
        ask={<Icon name="x" />}
        sure="Delete it"
        label={`Delete ${set.name}`}
        quiet
        disabled={remove.isPending}
        onSure={() => remove.mutate()}
      />
    </li>
  );
}

function SendFile({
  symbol,
  onSent,
  onCancel,
}: {
  symbol: string;
  onSent: (set: CandleSetRow) => void;
  onCancel: (() => void) | null;
}) {
  const [file, setFile] = useState<File | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [offGrid, setOffGrid] = useState(false);
  const market = typed ?? (symbol || (file ? symbolOf(file.name) : ""));
  const queries = useQueryClient();
  const send = useMutation({
    async mutationFn() {
      if (!file) throw new Error("Choose a file first.");
      return (
        await sendCandles({
          body: file,
          query: { symbol: market, file_name: file.name, ...(offGrid ? { off_grid: "drop" as const } : {}) },
        })
      ).data;
    },
    async onSuccess(set) {
      await queries.invalidateQueries({ queryKey: candleSetsQuery.queryKey });
      onSent(set);
    },
  });
  return (
    <div className="send">
      <Line label="File" hint="CSV, JSON or feather, also in gzip or zip. It stays on the node.">
        {(props) => (
          <input
            {...props}
            type="file"
            accept=".csv,.gz,.zip,.json,.jsonl,.feather,.arrow,.txt"
            onChange={(event) => {
              setFile(event.target.files?.[0] ?? null);
              send.reset();
            }}
          />
        )}
      </Line>
      <Line label="They are of" hint="The market, as its exchange writes it.">
        {(props) => (
          <input
            {...props}
            autoComplete="off"
            autoCapitalize="characters"
            placeholder="BTC/USD"
            value={market}
            onChange={(event) => setTyped(event.target.value.trim().toUpperCase())}
          />
        )}
      </Line>
      {send.error && (
        <>
          <Failure error={send.error} />
          {/grid/.test(send.error.message) && (
            <label className="opt">
              <input
                className="check"
                type="checkbox"
                checked={offGrid}
                onChange={(event) => setOffGrid(event.target.checked)}
              />
              <span>Leave out candles that do not open where they should</span>
            </label>
          )}
        </>
      )}
      <p className="go">
        <button
          className="btn small"
          type="button"
          disabled={!file || !/^[^/\s:]+\/[^/\s:]+$/.test(market) || send.isPending}
          onClick={() => send.mutate()}
        >
          {send.isPending ? `Sending ${file ? format.bytes(file.size) : ""}` : "Send it"}
        </button>
        {onCancel && (
          <button className="btn small quiet" type="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </p>
    </div>
  );
}

/** Many files are named after what they are of: BTC-USD-1m-2022.csv.gz. */
export function symbolOf(name: string): string {
  const found = /(?:^|[^A-Za-z])([A-Z0-9]{2,10})[-_](USDT|USDC|USD|EUR|BTC|ETH|GBP|CHF)(?=[^A-Za-z]|$)/.exec(name);
  return found ? `${found[1]}/${found[2]}` : "";
}
