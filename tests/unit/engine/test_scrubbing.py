"""What whoever was given a secret says comes back without it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

import pytest
from pydantic import BaseModel, ValidationError

from octobot_node.errors import NotSent
from octobot_node.sealing.scrubbing import scrub, scrubbed
from octobot_plugins.ccxt.exchanges.record import Meaning
from octobot_plugins.ccxt.remote import Failure
from octobot_plugins.ccxt.verdicts import Verdict

HIDDEN = ("k3y-of-mine", "k3y-of-mine-too")


def raised(error: BaseException) -> str:
    """Return all that a log would say of an error."""
    return "".join(traceback.format_exception(error))


def test_an_error_and_what_led_to_it_are_told_without_secrets() -> None:
    error = NotSent("it failed with k3y-of-mine-too", retry_after=7.0)
    error.__cause__ = KeyError({"headers": {"X-Key": "k3y-of-mine"}})
    error.__cause__.__context__ = OSError(5, "cannot read k3y-of-mine")
    clean = scrub(error, HIDDEN)
    # The same, since what it is decides what becomes of an order.
    assert clean is error
    assert (str(clean), error.retry_after) == ("it failed with **********", 7.0)
    assert "k3y" not in raised(clean)


def test_an_error_whose_text_cannot_be_changed_is_told_by_another() -> None:
    class Strict(BaseModel):
        number: int

    with pytest.raises(ValidationError) as found:
        Strict.model_validate({"number": "k3y-of-mine"})
    refused = NotSent("it was refused")
    refused.__cause__ = found.value
    # Of what only led to it nothing is told.
    assert scrub(refused, HIDDEN) is refused
    assert "k3y" not in raised(refused)
    clean = scrub(found.value, HIDDEN)
    assert type(clean) is RuntimeError
    assert "k3y" not in str(clean)
    assert "ValidationError" in str(clean)


@dataclass(frozen=True, slots=True)
class Frozen(Exception):
    """As a library may have them: nothing of it can be set."""

    told: str


@pytest.mark.parametrize("cause", [Frozen("nothing of mine"), Frozen("k3y-of-mine")])
def test_what_led_to_an_error_and_lets_nothing_be_changed_does_not_change_what_the_error_is(cause: Frozen) -> None:
    refused = NotSent("it was refused")
    refused.__context__ = cause
    assert scrub(refused, HIDDEN) is refused
    assert "k3y" not in raised(refused)


def test_what_the_connector_to_exchanges_lets_through_ccxt_is_told_without_secrets() -> None:
    failure = Failure(Verdict(Meaning.KEY, "no k3y-of-mine"))
    assert scrub(failure, HIDDEN) is failure
    assert str(failure) == "no **********"


def test_without_secrets_nothing_is_touched() -> None:
    error = ValueError("as it is", b"k3y-of-mine")
    assert scrub(error, ()) is error
    assert error.args == ("as it is", b"k3y-of-mine")
    assert scrub(error, HIDDEN).args == ("as it is", b"**********")


def test_the_longest_is_taken_out_first() -> None:
    assert scrubbed("k3y-of-mine-too and k3y-of-mine", HIDDEN) == "********** and **********"
