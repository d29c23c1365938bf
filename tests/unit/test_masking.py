"""Secrets are masked by their type, their name and their looks; what only sounds like one is left alone."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from octobot_node.text.masking import MASK, masked, masked_text


def test_a_secret_is_masked_wherever_it_is_kept() -> None:
    given = {"name": "main", "api_key": "abc", "list": [{"password": SecretStr("x")}], "token": "", "private": None}
    assert masked(given) == {
        "name": "main",
        "api_key": MASK,
        "list": [{"password": MASK}],
        "token": "",
        "private": None,
    }


@pytest.mark.parametrize(
    ("before", "secret", "after"),
    [
        ("the key ock_", "Abc-def_123", " is unknown"),
        ("Authorization: Bearer ", "abc.def-ghi", ""),
        ("authorization: basic ", "dXNlcjpwYXNz", ""),
        ("Cookie: a=b; octobot_session=", "abcdefgh", "; c=d"),
        ("Cookie: octobot_session_0a1b2c3d=", "abcdefgh", "; c=d"),
        ("POST /hooks/", "abcdefghijkl", " 202"),
        ("postgresql://octobot:", "hunter22", "@db.example:5432/octobot"),
        ("https://x.example/send?token=", "abcdef", "&text=hello"),
        ('{"password": "', "abcdef", '", "user": "ada"}'),
        ("{'api_key': '", "abcdef", "'}"),
        ("OCTOBOT_DATABASE_PASSWORD=", "abcdef", " octobot-node start"),
    ],
)
def test_what_looks_like_a_secret_in_a_text_is_masked(before: str, secret: str, after: str) -> None:
    assert masked_text(before + secret + after) == before + MASK + after


@pytest.mark.parametrize(
    "text",
    [
        "the API key is unknown, revoked or expired: make another one",
        "body.password: there is no such field: leave it out",
        "set OCTOBOT_DATABASE_PASSWORD, or the password in the URL",
        "listens at https://node.example:8443/api/v1",
        "postgresql://octobot@db.example/octobot",
        "the bearer of bad news: 3 orders",
        "token bucket is empty",
        "send an API key as a bearer token",
    ],
)
def test_what_only_speaks_of_secrets_is_left_as_it_is(text: str) -> None:
    assert masked_text(text) == text
