/** What commands for many are called, and what they do; the dialog that asks is loaded when it is wanted. */

import type { Command } from "./bulk";

interface Words {
  title: (count: string) => string;
  will: string;
  effect: string;
  did: string;
  button: string;
  danger?: boolean;
}

export const WORDS: Record<Command, Words> = {
  pause: {
    title: (count) => `Pause ${count}`,
    will: "will be paused",
    effect: "No new decisions. Orders that rest stay on the exchanges, and may fill.",
    did: "were paused",
    button: "Pause",
  },
  resume: {
    title: (count) => `Resume ${count}`,
    will: "will be resumed",
    effect: "They decide again at once, those that failed or were held, too.",
    did: "were resumed",
    button: "Resume",
  },
  run_now: {
    title: (count) => `Let ${count} decide now`,
    will: "will decide now",
    effect: "As if something woke them, before they are due.",
    did: "were woken",
    button: "Decide now",
  },
  stop: {
    title: (count) => `Stop ${count}`,
    will: "will be stopped",
    effect: "Their orders are cancelled, then they end. They cannot be resumed; what they hold stays as it is.",
    did: "were told to stop",
    button: "Stop",
    danger: true,
  },
  stop_close: {
    title: (count) => `Stop ${count}, and sell`,
    will: "will be stopped and sold",
    effect: "Their orders are cancelled, then all they hold is sold at market: fee and spread, and no way back.",
    did: "were told to stop and sell",
    button: "Stop and sell",
    danger: true,
  },
  delete: {
    title: (count) => `Delete ${count}`,
    will: "will be deleted",
    effect: "With their orders, fills and ledgers; what they did stays in activity and audit alone.",
    did: "were deleted",
    button: "Delete",
    danger: true,
  },
};
