// What the dashboard and this panel say to each other is the bridge, version 1: docs/hooks/register_panels.md.
const BRIDGE = 1;
const waiting = new Map();
let asked = 0;

function say(what) {
  parent.postMessage({ octobot: BRIDGE, ...what }, "*");
}

/** Ask for "automation", "automations", "fills", "course" or "candles". */
function ask(what, given = {}) {
  const id = ++asked;
  say({ say: "ask", id, what, given });
  return new Promise((answered, refused) => waiting.set(id, { answered, refused }));
}

addEventListener("message", ({ source, data }) => {
  if (source !== parent || data?.octobot !== BRIDGE) return;
  if (data.say === "ping") say({ say: "pong" });
  if (data.say === "hello") {
    for (const [name, colour] of Object.entries(data.colours)) document.body.style.setProperty("--" + name, colour);
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
  const next = document.getElementById("next");
  try {
    const automation = await ask("automation");
    next.textContent = automation.next_step.text;
    const figures = automation.figures.flatMap(({ label, value, unit }) => [
      element("dt", label),
      element("dd", unit ? value + " " + unit : value),
    ]);
    document.getElementById("figures").replaceChildren(...figures);
  } catch (error) {
    next.textContent = error.message;
  }
  say({ say: "size", height: document.body.scrollHeight });
}

function element(name, text) {
  const made = document.createElement(name);
  // Never innerHTML: what is told may have been typed by anybody.
  made.textContent = text;
  return made;
}

say({ say: "ready" });
