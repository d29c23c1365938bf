import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type RefObject, useEffect, useId, useRef, useState } from "react";
import type { PanelRow } from "@/api/client/types.gen";
import { isProblem, NoAnswer } from "@/api/http";
import { coloursOf, onTheme } from "@/features/automation/chart/chartTheme";
import { automationQuery } from "@/features/automation/queries";
import { onEvent } from "@/live/connection";
import { Icon } from "@/parts/Icon";
import { answer, NotTold } from "./answers";
import { Allowance, BRIDGE, read } from "./bridge";

/** What a panel has of our theme, by names of its own. */
const COLOURS = ["fg", "fg-2", "fg-3", "bg", "line", "line-strong", "buy", "sell", "bad", "unknown", "accent"] as const;
const PING_MS = 3_000;
/** So many pings without an answer, and it hangs: it is closed, since it may keep other panels and a processor busy. */
const MISSED = 3;
const SOON_MS = 500;

/** A panel in its frame: of no origin, told what it may know, and never believed. */
export function PanelFrame({ panel, automation }: { panel: PanelRow; automation: string | null }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const heading = useId();
  const [height, setHeight] = useState(panel.height);
  const [silent, setSilent] = useState(false);
  const section = useRef<HTMLElement>(null);
  const seen = useSeen(section);
  const navigate = useNavigate();
  const go = useRef(navigate);
  go.current = navigate;
  const changed = useRef(() => {});
  const { data } = useQuery({ ...automationQuery(automation ?? ""), enabled: automation !== null });
  // What it is worth, and its author's figures, change without an event; the page learns of it as it asks again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever it is another
  useEffect(() => changed.current(), [data]);
  useEffect(() => {
    const box = frame.current;
    if (!box || silent || !seen) return;
    const allowance = new Allowance();
    let missed = 0;
    // A sandboxed frame has no origin to be named: what is told is for whoever the frame holds.
    const tell = (what: Record<string, unknown>) => box.contentWindow?.postMessage({ octobot: BRIDGE, ...what }, "*");
    const hello = () =>
      tell({
        say: "hello",
        theme: isDark() ? "dark" : "light",
        locale: navigator.language,
        place: panel.place,
        automation,
        width: box.clientWidth,
        colours: colours(box),
      });
    const onMessage = (event: MessageEvent) => {
      if (event.source !== box.contentWindow) return;
      const said = read(event.data);
      if (!said) return;
      missed = 0;
      if (said.say === "ready") hello();
      if (said.say === "size") setHeight(said.height);
      if (said.say === "ask") {
        if (!allowance.take(Date.now())) {
          tell({ say: "answer", id: said.id, error: { kind: "throttled", detail: "too much was asked at once" } });
          return;
        }
        answer(panel, automation, said.what, said.given)
          .then((data) => tell({ say: "answer", id: said.id, data }))
          .catch((error: unknown) => tell({ say: "answer", id: said.id, error: wrong(error) }))
          .finally(() => allowance.give());
      }
      // Only where somebody is in it: a panel takes nobody anywhere by itself.
      if (said.say === "go" && document.activeElement === box) {
        void (said.automation === null
          ? go.current({ to: "/automations" })
          : go.current({ to: "/automations/$automation", params: { automation: said.automation } }));
      }
    };
    addEventListener("message", onMessage);
    const pings = setInterval(() => {
      missed += 1;
      if (missed > MISSED) setSilent(true);
      tell({ say: "ping" });
    }, PING_MS);
    let soon: ReturnType<typeof setTimeout> | null = null;
    changed.current = () => {
      soon ??= setTimeout(() => {
        soon = null;
        tell({ say: "changed" });
      }, SOON_MS);
    };
    const forgetEvents = onEvent((event) => {
      if (automation === null || event.automation_id === automation) changed.current();
    });
    const forgetTheme = onTheme(hello);
    return () => {
      removeEventListener("message", onMessage);
      clearInterval(pings);
      changed.current = () => {};
      if (soon) clearTimeout(soon);
      forgetEvents();
      forgetTheme();
    };
  }, [panel, automation, silent, seen]);
  return (
    <section aria-labelledby={heading} className="panel blk" ref={section}>
      <div className="section-head">
        <h2 id={heading}>{panel.title}</h2>
        <span className="end small">
          Brought by <span className="mono">{panel.plugin}</span>
        </span>
      </div>
      {silent ? (
        <div className="note unk" role="status">
          <Icon name="info" />
          <p>
            <b>This panel did not answer, and was closed.</b> The rest of the page, your automations and the kill switch
            do not need it.
          </p>
          <button className="btn small" type="button" onClick={() => setSilent(false)}>
            Load anew
          </button>
        </div>
      ) : !seen ? (
        <div style={{ height }} />
      ) : (
        <iframe
          ref={frame}
          title={panel.title}
          src={`/panels/${panel.name}/`}
          sandbox="allow-scripts"
          referrerPolicy="no-referrer"
          style={{ height }}
        />
      )}
    </section>
  );
}

/** Whether it came into sight; what nobody looked at is not loaded, and has nothing to answer. */
function useSeen(box: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    if (!box.current || seen) return;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) setSeen(true);
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box, seen]);
  return seen;
}

function isDark(): boolean {
  const classes = document.documentElement.classList;
  if (classes.contains("dark")) return true;
  return !classes.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches;
}

function colours(box: HTMLElement): Record<string, string> {
  const colour = coloursOf(box.parentElement ?? document.body);
  return Object.fromEntries(COLOURS.map((name) => [name, colour(`--${name}`)]));
}

function wrong(error: unknown): { kind: string; detail: string } {
  if (error instanceof NotTold) return { kind: "forbidden", detail: error.message };
  if (isProblem(error)) return { kind: error.kind, detail: error.message };
  if (error instanceof NoAnswer) return { kind: "unavailable", detail: "the node does not answer" };
  return { kind: "internal", detail: "it cannot be told" };
}
