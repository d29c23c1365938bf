import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import { Words } from "./Words";

function Page({ told }: { told: (words: string) => void }) {
  const [words, setWords] = useState("old");
  return (
    <>
      <Words
        label="Search"
        placeholder="words"
        value={words}
        onChange={(next) => {
          told(next);
          setWords(next);
        }}
      />
      <button type="button" onClick={() => setWords("")}>
        Back
      </button>
    </>
  );
}

test("words are told once typing pauses, and the way back is shown", async () => {
  const told = vi.fn();
  render(<Page told={told} />);
  const field = screen.getByLabelText("Search") as HTMLInputElement;
  await userEvent.type(field, " new");
  await vi.waitFor(() => expect(told).toHaveBeenCalledWith("old new"));
  await userEvent.click(screen.getByRole("button", { name: "Back" }));
  expect(field.value).toBe("");
});

test("words are told however often the page around them is drawn, and not to who went elsewhere meanwhile", async () => {
  const told = vi.fn();
  const drawn = render(<Page told={told} />);
  await userEvent.type(screen.getByLabelText("Search"), " new");
  for (let time = 0; time < 10 && told.mock.calls.length === 0; time++) {
    drawn.rerender(<Page told={(words) => told(words)} />);
    await new Promise((next) => setTimeout(next, 60));
  }
  expect(told).toHaveBeenCalledWith("old new");
  told.mockClear();
  await userEvent.type(screen.getByLabelText("Search"), "er");
  const was = location.pathname;
  history.replaceState(null, "", "/elsewhere");
  await new Promise((next) => setTimeout(next, 400));
  history.replaceState(null, "", was);
  expect(told).not.toHaveBeenCalled();
});
