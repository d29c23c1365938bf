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
