import { flushSync } from "react-dom";

/** Shows what is wrong with a form, and puts the cursor there at once: later, it is taken from whoever types on. */
export function showWrong(show: () => void): void {
  flushSync(show);
  document.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
}
