import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import { Empty, Failure } from "@/parts/States";

export function NotFound() {
  return (
    <div className="page">
      <Empty
        title="There is no such page"
        action={
          <Link className="btn" to="/">
            Overview
          </Link>
        }
      >
        The address may be misspelt, or of another version of the node.
      </Empty>
    </div>
  );
}

export function PageFailure({ error, reset }: ErrorComponentProps) {
  return (
    <div className="page">
      <Failure error={error} onRetry={reset} />
    </div>
  );
}
