"""Passwords: what is compared where there is no such user."""

from __future__ import annotations

from argon2 import PasswordHasher

from octobot_plugins.auth.sign_in import passwords


def test_the_hash_of_nobody_costs_what_that_of_a_user_costs() -> None:
    # Newer parameters of argon2-cffi would let the time tell who exists: make it anew then.
    assert PasswordHasher().check_needs_rehash(passwords._NOBODY) is False
    assert passwords._NOBODY.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_nobody_has_no_password() -> None:
    assert passwords.Passwords.fits("", None) is False
