"""Signatures are those of Standard Webhooks, to the last bit."""

from __future__ import annotations

import base64

import pytest

from octobot_node.api import ApiProblem
from octobot_plugins.webhooks.signing import new_secret, signature, verified_id

#: The specification's own example.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY, AT = b'{"test": 2432232314}', 1_614_265_330
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_specification_s_example_is_verified() -> None:
    assert signature(SECRET, HEADERS["webhook-id"], AT, BODY) == HEADERS["webhook-signature"].removeprefix("v1,")
    assert verified_id(HEADERS, BODY, [new_secret(), SECRET], AT * 1_000, 300) == HEADERS["webhook-id"]


def test_another_secret_body_or_time_is_not() -> None:
    for secret, body, now in ((new_secret(), BODY, AT), (SECRET, BODY + b"\n", AT), (SECRET, BODY, AT + 301)):
        with pytest.raises(ApiProblem) as refused:
            verified_id(HEADERS, body, [secret], now * 1_000, 300)
        assert refused.value.kind == "unauthenticated"


def test_a_secret_has_as_many_bits_as_the_specification_wants() -> None:
    made = new_secret()
    assert made.startswith("whsec_")
    assert len(base64.b64decode(made.removeprefix("whsec_"), validate=True)) == 32
    assert new_secret() != made
