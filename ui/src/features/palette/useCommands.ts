import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { listAutomations, pauseAutomation, resumeAutomation } from "@/api/client/sdk.gen";
import type { AutomationRow } from "@/api/client/types.gen";
import { typesQuery } from "@/features/automations/queries";
import { useTypeNames } from "@/features/automations/useTypeNames";
import { accountsQuery } from "@/features/frame/queries";
import { openKillSwitch } from "@/features/kill-switch/open";
import { sessionQuery } from "@/features/session/queries";
import { useSignOut } from "@/features/session/useSignOut";
import { setPreference, usePreference } from "@/parts/preferences";
import { ofAutomation } from "./automationCommands";
import type { Command } from "./commands";
import { PLACES } from "./keys";

const STATUSES = ["active", "paused", "waiting", "failed", "held"] as const;

/** All that the palette offers for what is typed: what is done, automations that are called so, and places. */
export function useCommands(typed: string, onClose: () => void, onHelp: () => void) {
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

/** What was typed, once the typing has paused: a request for each letter would be one too many. */
function useSettledText(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), 150);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
