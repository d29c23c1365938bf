/** What the node says against something, at the fields that it names. */

import { isProblem } from "@/api/http";
import type { FieldErrors } from "./config/check";

/** Of those of a whole automation the ones of its config, by its own names. */
export function ofConfig(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(
    Object.entries(errors).flatMap(([path, texts]) => (path.startsWith("config.") ? [[path.slice(7), texts]] : [])),
  );
}

export function ofServer(error: unknown): FieldErrors {
  if (!isProblem(error)) return {};
  const found: FieldErrors = {};
  for (const { field, reason } of error.fields) {
    const path = field.replace(/^body\./, "").replace(/^budget\..*/, "budget");
    found[path] = [...(found[path] ?? []), reason.charAt(0).toUpperCase() + reason.slice(1)];
  }
  return found;
}
