import { type Book, setPreference } from "@/parts/preferences";

export const MONEY: Record<Book, string> = { live: "live money", paper: "play money" };

/** Where there is nothing of the money that is shown: the other kind, in one press. */
export function ShowOther({ shown }: { shown: Book }) {
  const other = shown === "paper" ? "live" : "paper";
  return (
    <button className="btn" type="button" onClick={() => setPreference("book", other)}>
      Show those with {MONEY[other]}
    </button>
  );
}
