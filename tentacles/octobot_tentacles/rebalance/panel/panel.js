// Draws a basket by what the dashboard tells of its automation; the bridge is described in docs/hooks/register_panels.md.
const BRIDGE = 1;
let asked = 0;
let locale = "en";
const waiting = new Map();

function say(what) {
  parent.postMessage({ octobot: BRIDGE, ...what }, "*");
}

function ask(what, given = {}) {
  const id = ++asked;
  say({ say: "ask", id, what, given });
  return new Promise((answered, refused) => waiting.set(id, { answered, refused }));
}

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.octobot !== BRIDGE) return;
  if (data.say === "ping") say({ say: "pong" });
  if (data.say === "hello") {
    locale = data.locale;
    for (const [name, colour] of Object.entries(data.colours)) document.body.style.setProperty(`--${name}`, colour);
  }
  if (data.say === "hello" || data.say === "changed") void draw();
  if (data.say === "answer") {
    const { answered, refused } = waiting.get(data.id) ?? {};
    waiting.delete(data.id);
    if (data.error) refused?.(new Error(data.error.detail));
    else answered?.(data.data);
  }
});

async function draw() {
  const said = document.getElementById("said");
  try {
    const automation = await ask("automation");
    const percent = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    const now = new Map(
      automation.figures
        .filter(({ label }) => label.endsWith(" weight"))
        .map(({ label, value }) => [label.slice(0, -7), Number.parseFloat(value)]),
    );
    const rows = Object.entries(automation.config.weights).map(([asset, shall]) =>
      row(asset, now.get(asset) ?? null, Number(shall), percent),
    );
    document.getElementById("rows").replaceChildren(...rows);
    said.textContent = now.size === 0 ? "Nothing is bought yet: the weights are told after its first decision." : "";
  } catch (error) {
    said.textContent = error.message;
  }
  say({ say: "size", height: document.body.scrollHeight });
}

function row(asset, now, shall, percent) {
  const made = document.createElement("tr");
  for (const text of [asset, "", now === null ? "–" : `${percent.format(now)} %`, `${percent.format(shall)} %`]) {
    const cell = made.insertCell();
    cell.textContent = text;
    if (made.cells.length > 2) cell.className = "num";
  }
  made.cells[1].append(bar(now ?? 0, shall));
  return made;
}

function bar(now, shall) {
  const svg = (name, given) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(given)) made.setAttribute(key, String(value));
    return made;
  };
  const drawn = svg("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" });
  drawn.append(
    svg("rect", { class: "now", x: 0, y: 3, width: Math.max(0, Math.min(100, now)), height: 8 }),
    svg("path", { class: "shall", d: `M${shall} 0v14`, "vector-effect": "non-scaling-stroke" }),
  );
  return drawn;
}

say({ say: "ready" });
