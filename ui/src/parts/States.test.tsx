import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { NoAnswer, Problem } from "@/api/http";
import { Failure } from "./States";

function problem(kind: "internal" | "forbidden" | "invalid", detail: string): Problem {
  return new Problem(
    { type: `urn:octobot-node:problem:${kind}`, detail, request_id: "r-17" },
    new Response(null, { status: 500 }),
  );
}

test("a failure has its cause, what the node's log calls it, and a way to try again", () => {
  const again = vi.fn();
  render(<Failure error={problem("internal", "the node failed at this")} onRetry={again} />);
  expect(screen.getByRole("alert").textContent).toContain("The node failed at this");
  expect(screen.getByText("r-17")).toBeTruthy();
  screen.getByRole("button", { name: "Try again" }).click();
  expect(again).toHaveBeenCalledOnce();
});

test("what one may not do is not worth another try", () => {
  render(<Failure error={problem("forbidden", "ask an admin")} onRetry={() => undefined} />);
  expect(screen.queryByRole("button")).toBeNull();
});

test("a hostile text is text", () => {
  render(<Failure error={problem("invalid", "<img src=x onerror=alert(1)> is no name")} />);
  expect(document.querySelector("img")).toBeNull();
  expect(screen.getByText(/<img src=x/)).toBeTruthy();
});

test("no answer is said as that", () => {
  render(<Failure error={new NoAnswer("…")} />);
  expect(screen.getByRole("alert").textContent).toContain("The node does not answer.");
});
