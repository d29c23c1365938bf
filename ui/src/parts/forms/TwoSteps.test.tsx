import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { TwoSteps } from "./TwoSteps";

test("what is not taken back takes two steps, of which a double click is one, and keys do it as well", async () => {
  const done = vi.fn();
  render(<TwoSteps ask="Remove…" sure="Remove it" onSure={done} />);
  await userEvent.dblClick(screen.getByRole("button", { name: "Remove…" }));
  expect(done).not.toHaveBeenCalled();
  await userEvent.click(screen.getByRole("button", { name: "Remove it" }));
  expect(done).toHaveBeenCalledTimes(1);
  await userEvent.tab();
  screen.getByRole("button", { name: "Remove…" }).focus();
  await userEvent.keyboard("{Enter}{Enter}");
  expect(done).toHaveBeenCalledTimes(2);
});
