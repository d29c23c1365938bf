import { useEffect, useState } from "react";
import { Icon } from "./Icon";

const TYPING_MS = 200;

/** A field for words that are looked for: told once typing pauses, and shown anew where others are looked for. */
export function Words({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (words: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [told, setTold] = useState(value);
  // A view, or the way back, says other words than were typed here.
  if (value !== told) {
    setTold(value);
    if (value !== typed.trim()) setTyped(value);
  }
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => onChange(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <div className="input words">
      <Icon name="search" />
      <input
        type="search"
        aria-label={label}
        placeholder={placeholder}
        maxLength={128}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
    </div>
  );
}
