import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changePreferences } from "@/api/client/sdk.gen";
import { Line } from "@/parts/forms/Line";
import { Segments } from "@/parts/forms/Segments";
import { setPreference, type Theme, usePreference } from "@/parts/preferences";
import { Failure } from "@/parts/States";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { preferencesQuery } from "./queries";

export const THEMES: ReadonlyArray<{ value: Theme; label: string }> = [
  { value: "system", label: "Auto" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function Appearance() {
  const theme = usePreference("theme");
  const hidden = usePreference("hidden");
  return (
    <div className="money">
      <section className="blk" aria-labelledby="h-look">
        <div className="section-head">
          <h2 id="h-look">Of this browser</h2>
        </div>
        <dl className="facts">
          <div>
            <dt>Theme</dt>
            <dd>
              <Segments
                label="Theme"
                value={theme}
                choices={THEMES}
                onChange={(value) => setPreference("theme", value)}
              />
            </dd>
          </div>
          <div>
            <dt>Amounts</dt>
            <dd>
              <Segments
                label="Amounts"
                value={hidden ? "hidden" : "shown"}
                choices={[
                  { value: "shown", label: "Shown" },
                  { value: "hidden", label: "Hidden" },
                ]}
                onChange={(value) => setPreference("hidden", value === "hidden")}
              />
            </dd>
          </div>
        </dl>
        <Zone />
      </section>
      <div>
        <Currency />
      </div>
    </div>
  );
}

function Zone() {
  const zone = usePreference("zone");
  const now = useNow();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set(["UTC", own, ...Intl.supportedValuesOf("timeZone")])];
  return (
    <div className="fields one">
      <Line
        label="Times in"
        hint={`Now ${format.timeOfDay(now)}. Days of results begin at 00:00 UTC whatever is chosen, as the node counts them.`}
      >
        {(props) => (
          <select {...props} value={zone} onChange={(event) => setPreference("zone", event.target.value)}>
            {zones.map((each) => (
              <option key={each} value={each}>
                {each.replaceAll("_", " ")}
                {each === own && each !== "UTC" ? ", this browser’s" : ""}
              </option>
            ))}
          </select>
        )}
      </Line>
    </div>
  );
}

const CURRENCIES = ["USD", "EUR", "GBP", "CHF", "JPY", "BTC", "ETH"];

/** What sums of several assets are also told in; the node keeps it, for every browser of its user. */
function Currency() {
  const { data: preferences, error, refetch } = useQuery(preferencesQuery);
  const [typed, setTyped] = useState<string | null>(null);
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async (currency: string | null) => (await changePreferences({ body: { currency } })).data,
    async onSuccess(next) {
      setTyped(null);
      queries.setQueryData(preferencesQuery.queryKey, next);
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const value = typed ?? preferences?.currency ?? "";
  return (
    <section className="blk" aria-labelledby="h-cur">
      <div className="section-head">
        <h2 id="h-cur">Of your account here</h2>
      </div>
      {error ? (
        <Failure error={error} onRetry={() => void refetch()} />
      ) : (
        <form
          className="fields one"
          aria-label="Currency"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate(value.trim() === "" ? null : value.trim().toUpperCase());
          }}
        >
          <Line
            label="Sums are also told in"
            hint="Empty: each asset stays by itself. The rates are those of the accounts’ own markets, and are told beside."
          >
            {(props) => (
              <>
                <input
                  {...props}
                  autoComplete="off"
                  autoCapitalize="characters"
                  list="currencies"
                  value={value}
                  disabled={!preferences}
                  onChange={(event) => setTyped(event.target.value)}
                />
                <datalist id="currencies">
                  {CURRENCIES.map((each) => (
                    <option key={each} value={each} />
                  ))}
                </datalist>
              </>
            )}
          </Line>
          {change.error && <Failure error={change.error} />}
          {change.isSuccess && typed === null && <p role="status">It is kept.</p>}
          <p className="go">
            <button className="btn" type="submit" disabled={typed === null || change.isPending}>
              Keep it
            </button>
          </p>
        </form>
      )}
    </section>
  );
}
