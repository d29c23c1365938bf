import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { show } from "../../../tests/render";
import { WithShadow } from "./WithShadow";

test("what would trade on an exchange may begin with a shadow", async () => {
  const changed = vi.fn();
  show(<WithShadow account={{ simulated: false }} on={false} onChange={changed} />);
  await userEvent.click(screen.getByRole("checkbox", { name: /With a shadow/ }));
  expect(changed).toHaveBeenCalledWith(true);
});

test.each([{ simulated: true }, { simulated: null }, null])("on paper there is nothing to compare: %o", (account) => {
  show(<WithShadow account={account} on={false} onChange={() => undefined} />);
  expect(screen.queryByRole("checkbox")).toBeNull();
});
