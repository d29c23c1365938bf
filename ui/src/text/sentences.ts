/** A reason as a sentence of its own: it begins with a capital, and ends. What the node gives as one begins and ends with neither. */
export function sentence(text: string): string {
  const said = text.replaceAll("`", "").trim();
  if (!said) return "";
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?…:]$/.test(said) ? "" : "."}`;
}
