export interface Choice<T extends string> {
  value: T;
  label: string;
}

/** A few choices side by side, one of them pressed. */
export function Segments<T extends string>({
  label,
  value,
  choices,
  onChange,
}: {
  label: string;
  value: T;
  choices: ReadonlyArray<Choice<T>>;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="seg" aria-label={label}>
      {choices.map((each) => (
        <button type="button" key={each.value} aria-pressed={each.value === value} onClick={() => onChange(each.value)}>
          {each.label}
        </button>
      ))}
    </fieldset>
  );
}
