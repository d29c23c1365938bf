import { expect, test } from "vitest";
import {
  amount,
  axisTime,
  bytes,
  change,
  exact,
  gainOrLoss,
  moment,
  money,
  month,
  plain,
  price,
  ratio,
  setZone,
  span,
  tick,
  zoneName,
} from "./format";

test("money has its asset's decimals, every digit before them, and a true minus", () => {
  expect(money("20339.0249", "USD")).toBe("20,339.02");
  expect(money("-85.224", "USDT", { signed: true })).toBe("\u221285.22");
  expect(money("453.925", "USD", { signed: true })).toBe("+453.93");
  expect(money("12345678901234567890.12", "USD")).toBe("12,345,678,901,234,567,890.12");
  expect(money("0.0312345678", "BTC")).toBe("0.0312346");
});

test("amounts are short, and whole where somebody asks for all of it", () => {
  expect(amount("0.00792991")).toBe("0.0079299");
  expect(exact("0.00792991")).toBe("0.00792991");
  expect(price("37831.44")).toBe("37,831.44");
  expect(price("0.000123456")).toBe("0.00012346");
});

test("a change has a sign and two decimals, and none against nothing", () => {
  expect(change("10170", "10000")).toBe("+1.70 %");
  expect(change("9914.78", "10000")).toBe("\u22120.85 %");
  expect(change("1", "0")).toBeNull();
  const written = ["-1", "0.0", "0.004", "2"].map((value) => money(value, "USD", { signed: true }));
  expect(written.map(gainOrLoss)).toEqual(["loss", "", "", "gain"]);
});

test("times are as long as they must be", () => {
  const now = new Date("2026-02-01T05:32:00Z");
  expect(moment(new Date("2026-02-01T01:02:03Z"), now)).toBe("01:02");
  expect(moment(new Date("2026-01-03T23:59:00Z"), now)).toBe("3 Jan 23:59");
  expect(moment(new Date("2025-12-31T00:00:00Z"), now)).toBe("31 Dec 2025 00:00");
  expect([span(41_000), span(720_000), span(25_740_000), span(273_600_000)]).toEqual([
    "41 s",
    "12 min",
    "7 h 9 min",
    "3 d 4 h",
  ]);
});

test("ratios are percent, to the last digit of what was told", () => {
  expect(ratio("-0.168690", { signed: true })).toBe("\u221216.87 %");
  expect(ratio("0.0242", { signed: false })).toBe("2.42 %");
  expect(plain("-1.2345", { signed: true })).toBe("\u22121.23");
});

test("below an axis stands what tells its marks apart", () => {
  const at = new Date("2022-01-21T04:00:00Z");
  expect([3_600_000, 30 * 86_400_000, 900 * 86_400_000].map((span) => axisTime(at, span))).toEqual([
    "04:00",
    "21 Jan",
    "Jan 2022",
  ]);
  expect(month("2022-01")).toBe("Jan 2022");
  expect([912, 2_412_000, 130_000_000].map(bytes)).toEqual(["912 B", "2.4 MB", "130 MB"]);
});

test("times are told in the zone that was chosen, with its own days; an unknown one is UTC", () => {
  const at = new Date("2026-01-31T23:30:00Z");
  setZone("Europe/Paris");
  expect(moment(at, new Date("2026-02-01T05:00:00Z"))).toBe("00:30");
  expect(zoneName()).toBe("Paris");
  expect([0, 1, 2, 3].map((kind) => tick(at, kind))).toEqual(["2026", "Feb", "1 Feb", "00:30"]);
  setZone("Nowhere/Else");
  expect(zoneName()).toBe("UTC");
  expect(moment(at, new Date("2026-02-01T05:00:00Z"))).toBe("31 Jan 23:30");
});
