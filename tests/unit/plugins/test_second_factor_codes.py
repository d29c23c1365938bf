"""Codes are those of RFC 6238, each is of its time, and none is taken twice."""

from __future__ import annotations

import base64

import pytest

from octobot_plugins.auth.second_factor import codes

#: Appendix B of RFC 6238, whose codes have eight digits: these are the last six.
SECRET = base64.b32encode(b"12345678901234567890").decode()
KNOWN = {59: "287082", 1_111_111_109: "081804", 1_234_567_890: "005924", 20_000_000_000: "353130"}


@pytest.mark.parametrize(("second", "code"), KNOWN.items())
def test_the_rfc_s_own_codes_are_right_at_their_times(second: int, code: str) -> None:
    assert codes.step_of(SECRET, code, second * 1000, 0) == second // 30


@pytest.mark.parametrize(("seconds", "fits"), [(-31, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_code_may_be_of_a_step_before_or_after(seconds: int, fits: bool) -> None:
    at = 1_234_567_890
    assert (codes.step_of(SECRET, "005924", (at + seconds) * 1000, 0) is not None) == fits


def test_a_code_of_a_step_that_was_used_is_none() -> None:
    at, step = 1_234_567_890_000, 1_234_567_890 // 30
    assert [codes.step_of(SECRET, "005924", at, after) for after in (step - 1, step, step + 1)] == [step, None, None]


@pytest.mark.parametrize("code", ["", "5924", "0059240", "00592x", "٠٠٥٩٢٤", "-05924"])
def test_what_is_no_code_is_none(code: str) -> None:
    assert codes.step_of(SECRET, code, 1_234_567_890_000, 0) is None


def test_a_person_may_group_digits_as_authenticators_show_them() -> None:
    assert codes.step_of(SECRET, " 005 924 ", 1_234_567_890_000, 0) is not None


def test_recovery_codes_are_ten_of_eighty_bits() -> None:
    made = codes.new_recovery_codes()
    assert len(set(made)) == 10
    assert {len(codes.plain(each)) for each in made} == {16}
