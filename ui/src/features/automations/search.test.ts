import { expect, test } from "vitest";
import { filterOf, orderOf, searched } from "./search";

test("an address says what is looked at; nonsense in it is left out, and nothing else is", () => {
  const given = {
    status: "held,nothing,failed",
    type: "grid",
    search: 412,
    account: "",
    sort: "today",
    descending: true,
    columns: "name,today",
    elsewhere: "x",
  };
  const found = searched(given);
  expect(found).toEqual({
    status: "failed,held",
    type: "grid",
    search: "412",
    sort: "today",
    descending: true,
    columns: "name,today",
  });
  expect(filterOf(found, true)).toEqual({ status: ["failed", "held"], type: "grid", search: "412", paper: true });
  expect(orderOf(found)).toEqual({ sort: "today", descending: true });
  expect(searched({ status: "gone", sort: "luck", columns: "<img>", descending: "yes" })).toEqual({});
});
