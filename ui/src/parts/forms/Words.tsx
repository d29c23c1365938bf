import { useEffect, useEffectEvent, useState } from "react";
import { Icon } from "@/parts/Icon";

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
  const [page] = useState(() => location.pathname);
  const tell = useEffectEvent((words: string) => {
    // Who opened something meanwhile goes there: to look for words would bring them back.
    if (location.pathname === page) onChange(words);
  });
  useEffect(() => {
    if (typed.trim() === value) return;
    const timer = setTimeout(() => tell(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
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
