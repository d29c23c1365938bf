import { useState } from "react";
import { copied } from "./saving";

/** Copies a text; where the browser has no clipboard it says so, and the text is there to be marked. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [said, setSaid] = useState<"" | "copied" | "none">("");
  return (
    <button
      className="btn small"
      type="button"
      onClick={() => void copied(text).then((done) => setSaid(done ? "copied" : "none"))}
    >
      {said === "copied" ? "Copied" : said === "none" ? "Mark it, and copy by hand" : label}
    </button>
  );
}
