/** What can be done with an automation, by where it stands. */

import type { AutomationRow } from "@/api/client/types.gen";

type Status = AutomationRow["status"];

const PAUSES = new Set<Status>(["active", "waiting"]);
const STOPS = new Set<Status>(["active", "waiting", "paused", "held", "failed"]);
const RESUMES = new Set<Status>(["paused", "held", "failed"]);
const OVER = new Set<Status>(["stopped", "completed"]);
const ENDING = new Set<Status>(["stopping", "completing"]);

export const pauses = (status: Status) => PAUSES.has(status);
export const stops = (status: Status) => STOPS.has(status);
export const resumes = (status: Status) => RESUMES.has(status);
export const isOver = (status: Status) => OVER.has(status);
/** It is over, or on its way: it decides nothing any more, and cannot be edited. */
export const isEnding = (status: Status) => OVER.has(status) || ENDING.has(status);
