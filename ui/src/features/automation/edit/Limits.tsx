import type { FieldErrors } from "@/features/new/config/check";
import { Line } from "@/features/new/config/Line";
import type { Config } from "./editing";

interface Limit {
  name: string;
  label: string;
  hint: string;
  whole?: boolean;
  duration?: boolean;
}

/** What an automation alone is held to, beside what holds for its account. */
export const LIMITS: readonly Limit[] = [
  { name: "max_order_notional", label: "An order costs at most", hint: "In its quote asset." },
  { name: "max_open_orders", label: "Open orders at most", hint: "Planned, sent or resting.", whole: true },
  { name: "max_orders_per_minute", label: "Orders a minute at most", hint: "In any minute.", whole: true },
  {
    name: "price_collar",
    label: "Limit orders past the last price at most",
    hint: "As a ratio: 0.05 is 5 %.",
  },
  {
    name: "max_data_age",
    label: "Oldest prices that it may send on",
    hint: "Such as 30s or 5m.",
    duration: true,
  },
];

const AMOUNT = /^\d+(\.\d+)?$/;
const DURATION = /^(\d+(\.\d+)?(ms|w|d|h|m|s))+$/;

export function limitProblems(value: Config): FieldErrors {
  const found: FieldErrors = {};
  for (const { name, whole, duration } of LIMITS) {
    const given = value[name];
    if (given === undefined || given === "") continue;
    const text = String(given);
    if (duration) {
      if (!DURATION.test(text) && !AMOUNT.test(text)) found[`limits.${name}`] = ["Write it like 30s or 5m."];
    } else if (whole && !/^\d+$/.test(text)) found[`limits.${name}`] = ["Write a whole number."];
    else if (!AMOUNT.test(text))
      found[`limits.${name}`] = ["Write a number, with a point and without signs for thousands."];
  }
  return found;
}

export function Limits({
  value,
  errors,
  open,
  onChange,
}: {
  value: Config;
  errors: FieldErrors;
  open: boolean;
  onChange: (value: Config) => void;
}) {
  return (
    <details className="fold" open={open}>
      <summary>
        Limits of its own <span className="faint">optional</span>
      </summary>
      <p className="hint">Beside those of its account; what is left empty is not limited here.</p>
      <div className="fields">
        {LIMITS.map(({ name, label, hint, whole }) => (
          <Line key={name} label={label} hint={hint} error={errors[`limits.${name}`]}>
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                inputMode={whole ? "numeric" : "decimal"}
                value={value[name] === undefined ? "" : String(value[name])}
                onChange={(event) => {
                  const { [name]: _, ...rest } = value;
                  const text = event.target.value.trim();
                  onChange(text === "" ? rest : { ...rest, [name]: whole && /^\d+$/.test(text) ? Number(text) : text });
                }}
              />
            )}
          </Line>
        ))}
      </div>
    </details>
  );
}
