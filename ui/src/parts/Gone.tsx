import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Empty } from "./States";

/** The page of something that is not there, and the way to all that are. */
export function Gone({
  what,
  all,
  to,
  children,
}: {
  what: string;
  all: string;
  to: "/accounts" | "/automations" | "/replays";
  children: ReactNode;
}) {
  return (
    <div className="page">
      <Empty
        title={`There is no such ${what}`}
        action={
          <Link className="btn" to={to}>
            {all}
          </Link>
        }
      >
        {children}
      </Empty>
    </div>
  );
}
