import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { listAutomations, pauseAutomation, resumeAutomation } from "@/api/client/sdk.gen";
import type { AutomationRow } from "@/api/client/types.gen";
import { typesQuery } from "@/features/automations/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { accountsQuery } from "@/features/frame/queries";
import { openKillSwitch } from "@/features/kill-switch/open";
import { sessionQuery } from "@/features/session/queries";
import { useSignOut } from "@/features/session/useSignOut";
import { Icon, Shape } from "@/parts/Icon";
import { setPreference, usePreference } from "@/parts/preferences";
import { type Command, marked, offered } from "./commands";
import { PLACES } from "./keys";

/** Everything by a few letters: places, automations by their name, and what can be done with them. */
export default function Palette({
  early,
  onClose,
  onHelp,
}: {
  /** What was typed before it was there. */
  early?: () => string;
  onClose: () => void;
  onHelp: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);
  const ids = { list: useId(), option: useId() };
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    const before = early?.();
    if (before) setTyped((typed) => before + typed);
    return () => element?.close();
  }, [early]);
  const { commands, said, wrong } = useCommands(typed, onClose, onHelp);
  const shown = useMemo(() => offered(commands, typed), [commands, typed]);
  const at = Math.min(place, Math.max(0, shown.length - 1));
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined && shown.length > 0) {
      event.preventDefault();
      setPlace(
        Math.abs(step) === 1
          ? (at + step + shown.length) % shown.length
          : Math.min(shown.length - 1, Math.max(0, at + step)),
      );
    }
    if (event.key === "Enter") {
      event.preventDefault();
      shown[at]?.run();
    }
  }
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Find or run a command"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="ask">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-label="Find or run a command"
          aria-expanded="true"
          aria-controls={ids.list}
          aria-activedescendant={shown[at] ? `${ids.option}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="Find or run a command"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setPlace(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div className="offers" ref={list} id={ids.list} role="listbox" aria-label="What fits" tabIndex={-1}>
        {shown.map((command, index) => (
          <div key={command.id} role="presentation">
            {shown[index - 1]?.group !== command.group && <p className="label">{command.group}</p>}
            <Offer
              command={command}
              typed={typed}
              id={`${ids.option}-${index}`}
              on={index === at}
              onPoint={() => setPlace(index)}
            />
          </div>
        ))}
        {shown.length === 0 && <p className="muted none">Nothing has that in its name.</p>}
      </div>
      <div className="foot">
        {wrong ? (
          <span className="bad" role="alert">
            {wrong}
          </span>
        ) : said ? (
          <span role="status">{said}</span>
        ) : (
          <>
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> choose
            </span>
            <span>
              <kbd>Enter</kbd> do
            </span>
          </>
        )}
        <button className="btn quiet small" type="button" onClick={onHelp}>
          <kbd>?</kbd> all shortcuts
        </button>
      </div>
    </dialog>
  );
}

function Offer({
  command,
  typed,
  id,
  on,
  onPoint,
}: {
  command: Command;
  typed: string;
  id: string;
  on: boolean;
  onPoint: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which names it as active
    <div
      id={id}
      role="option"
      className="offer"
      aria-selected={on}
      tabIndex={-1}
      onPointerMove={on ? undefined : onPoint}
      onClick={() => command.run()}
    >
      {command.mark ? <Shape mark={command.mark} /> : <Icon name={command.icon ?? "right"} />}
      <span className="grow cut">
        {marked(command.label, typed).map((piece, index) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one label
          piece.hit ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
        )}
      </span>
      {command.hint && <span className="small muted cut">{command.hint}</span>}
      {command.keys?.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </div>
  );
}

function useCommands(typed: string, onClose: () => void, onHelp: () => void) {
  const { data: session } = useQuery(sessionQuery);
  const { data: types = [] } = useQuery(typesQuery);
  const { data: accounts = [] } = useQuery(accountsQuery);
  const search = typed
    .replace(/^(pause|resume|stop|open|edit)\s+/i, "")
    .trim()
    .slice(0, 128);
  const settled = useSettledText(search);
  const { data: found = [] } = useQuery({
    queryKey: ["lists", "automations", "palette", settled],
    queryFn: async () =>
      (await listAutomations({ query: { limit: 8, ...(settled ? { search: settled } : {}) } })).data.automations,
    placeholderData: (before) => before,
  });
  const nameOf = useTypeNames();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const leave = useSignOut();
  const hidden = usePreference("hidden");
  const [said, setSaid] = useState("");
  const command = useMutation({
    async mutationFn({ row, what }: { row: AutomationRow; what: "pause" | "resume" }) {
      const path = { automation: row.id };
      if (what === "pause") await pauseAutomation({ path });
      else await resumeAutomation({ path });
      return what === "pause" ? `${row.name} is paused.` : `${row.name} goes on.`;
    },
    async onSuccess(text) {
      setSaid(text);
      await queries.invalidateQueries({ queryKey: ["lists"] });
    },
  });
  const may = (scope: string) => session?.scopes.includes(scope) ?? false;
  const close = (then: () => void) => () => {
    onClose();
    then();
  };
  const places: Command[] = [
    ...PLACES.map((each) => ({
      id: each.to,
      group: "Go to" as const,
      label: each.label,
      icon: each.icon,
      keys: ["G", each.key.toUpperCase()],
      run: close(() => void navigate({ to: each.to })),
    })),
    ...STATUSES.map((status) => ({
      id: `status ${status}`,
      group: "Go to" as const,
      label: `Automations that are ${status}`,
      icon: "list" as const,
      run: close(() => void navigate({ to: "/automations", search: { status } })),
    })),
    {
      id: "lost",
      group: "Go to",
      label: "Automations that lost most today",
      icon: "list",
      words: "worst loss result",
      run: close(() => void navigate({ to: "/automations", search: { sort: "today" } })),
    },
    {
      id: "won",
      group: "Go to",
      label: "Automations that won most today",
      icon: "list",
      words: "best gain result",
      run: close(() => void navigate({ to: "/automations", search: { sort: "today", descending: true } })),
    },
    {
      id: "audit",
      group: "Go to",
      label: "Who did what",
      icon: "activity",
      words: "audit changed stopped",
      run: close(() => void navigate({ to: "/activity", search: { show: "audit" } })),
    },
    ...accounts.slice(0, 50).map((each) => ({
      id: `account ${each.id}`,
      group: "Go to" as const,
      label: each.name,
      hint: each.simulated ? "Account, play money" : "Account, live",
      icon: "account" as const,
      run: close(() => void navigate({ to: "/accounts/$account", params: { account: each.id } })),
    })),
    {
      id: "health",
      group: "Go to",
      label: "Health checks",
      icon: "node",
      words: "wrong cure",
      run: close(() => void navigate({ to: "/node", search: { tab: "health" } })),
    },
    {
      id: "tentacles",
      group: "Go to",
      label: "Tentacles",
      icon: "node",
      words: "plugins",
      run: close(() => void navigate({ to: "/node", search: { tab: "tentacles" } })),
    },
    {
      id: "keys",
      group: "Go to",
      label: "API keys",
      icon: "settings",
      words: "token",
      run: close(() => void navigate({ to: "/settings", search: { tab: "keys" } })),
    },
    {
      id: "secrets",
      group: "Go to",
      label: "Secrets",
      icon: "settings",
      words: "password rotate key",
      run: close(() => void navigate({ to: "/settings", search: { tab: "secrets" } })),
    },
    {
      id: "appearance",
      group: "Go to",
      label: "Appearance",
      icon: "settings",
      words: "theme zone currency dark",
      run: close(() => void navigate({ to: "/settings", search: { tab: "appearance" } })),
    },
  ];
  const actions: Command[] = [
    {
      id: "kill",
      group: "Commands",
      label: "Kill switch…",
      hint: "everything, or an account",
      icon: "kill",
      keys: ["Ctrl", "Shift", "K"],
      words: "stop everything panic emergency",
      run: close(() => openKillSwitch()),
    },
    ...accounts.slice(0, 50).map((each) => ({
      id: `kill ${each.id}`,
      group: "Commands" as const,
      label: `Stop sending on ${each.name}…`,
      hint: "of its automations alone; asks first",
      icon: "kill" as const,
      words: "kill switch account everything panic",
      run: close(() => openKillSwitch(each.id)),
    })),
    {
      id: "hide",
      group: "Commands",
      label: hidden ? "Show amounts" : "Hide amounts",
      icon: hidden ? "eye" : "eye-off",
      run: close(() => setPreference("hidden", !hidden)),
    },
    ...(["light", "dark", "system"] as const).map((theme) => ({
      id: `theme ${theme}`,
      group: "Commands" as const,
      label: theme === "system" ? "Theme as the system has it" : `Theme: ${theme}`,
      icon: "settings" as const,
      run: close(() => setPreference("theme", theme)),
    })),
    {
      id: "help",
      group: "Commands",
      label: "All shortcuts",
      icon: "info",
      keys: ["?"],
      words: "help keys",
      run: onHelp,
    },
    { id: "leave", group: "Commands", label: "Sign out", icon: "x", words: "log out", run: close(leave) },
  ];
  if (may("automations:write")) {
    actions.push(
      ...types.map((each) => ({
        id: `new ${each.type}`,
        group: "Commands" as const,
        label: `New: ${each.title}`,
        hint: each.summary,
        icon: "new" as const,
        words: `create add ${each.name} ${each.tags.join(" ")}`,
        run: close(() => void navigate({ to: "/new", search: { type: each.type } })),
      })),
    );
  }
  if (may("replays:write")) {
    actions.push({
      id: "replay",
      group: "Commands",
      label: "New replay",
      icon: "replay",
      words: "backtest past",
      run: close(() => void navigate({ to: "/replays/new" })),
    });
  }
  if (may("accounts:write")) {
    actions.push({
      id: "account",
      group: "Commands",
      label: "Add an account",
      icon: "account",
      words: "exchange keys new",
      run: close(() => void navigate({ to: "/accounts/new" })),
    });
  }
  const automations: Command[] = found.map((row) => ({
    id: row.id,
    group: "Automations",
    label: row.name,
    hint: `${nameOf(row.type)} on ${row.symbols.slice(0, 2).join(", ")}, ${row.account}`,
    mark: row.status,
    words: settled,
    run: close(() => void navigate({ to: "/automations/$automation", params: { automation: row.id } })),
  }));
  const ofAutomations: Command[] =
    settled === "" || !may("automations:write")
      ? []
      : found.slice(0, 3).flatMap((row) =>
          ofAutomation(
            row,
            settled,
            command.mutate,
            (id) => close(() => void navigate({ to: "/automations/$automation", params: { automation: id } }))(),
            (id) =>
              close(
                () =>
                  void navigate({
                    to: "/automations/$automation",
                    params: { automation: id },
                    search: { tab: "config", edit: true },
                  }),
              )(),
          ),
        );
  return {
    commands: [...ofAutomations, ...actions, ...automations, ...places],
    said,
    wrong: command.error ? command.error.message : "",
  };
}

const STATUSES = ["active", "paused", "waiting", "failed", "held"] as const;

function ofAutomation(
  row: AutomationRow,
  words: string,
  command: (doing: { row: AutomationRow; what: "pause" | "resume" }) => void,
  visit: (id: string) => void,
  edit: (id: string) => void,
): Command[] {
  const runs = row.status === "active" || row.status === "waiting";
  const rests = row.open_orders === 1 ? "its order stays" : `its ${row.open_orders} orders stay`;
  const found: Command[] = [];
  if (runs) {
    found.push({
      id: `pause ${row.id}`,
      group: "Commands",
      label: `Pause ${row.name}`,
      hint: row.open_orders > 0 ? rests : "decides nothing until it is resumed",
      mark: "paused",
      words,
      run: () => command({ row, what: "pause" }),
    });
  }
  if (row.status === "paused") {
    found.push({
      id: `resume ${row.id}`,
      group: "Commands",
      label: `Resume ${row.name}`,
      mark: "active",
      words,
      run: () => command({ row, what: "resume" }),
    });
  }
  if (runs || row.status === "paused") {
    found.push({
      id: `edit ${row.id}`,
      group: "Commands",
      label: `Edit ${row.name}…`,
      hint: "its config and limits, with the plan",
      icon: "settings",
      words: `${words} change`,
      run: () => edit(row.id),
    });
    found.push({
      id: `stop ${row.id}`,
      group: "Commands",
      label: `Stop ${row.name}…`,
      hint: "asks first, on its page",
      mark: "stopping",
      words,
      run: () => visit(row.id),
    });
  }
  return found;
}

/** What was typed, once the typing has paused: a request for each letter would be one too many. */
function useSettledText(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
