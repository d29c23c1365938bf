/** What a browser calls itself, shortened to what tells it from others. */
export function browserOf(agent: string): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari)\/[\d.]+/.exec(agent)?.[1] ?? "";
  const known: Record<string, string> = { Edg: "Edge", OPR: "Opera" };
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent)?.[1] ?? "";
  return (
    [known[name] ?? name, system && `on ${system.replace("Mac OS X", "macOS")}`].filter(Boolean).join(" ") ||
    agent ||
    "A browser"
  );
}
