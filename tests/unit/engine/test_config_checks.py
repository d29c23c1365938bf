"""What a type finds in a config, whatever its author's code returns or raises."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from octobot_node import Automation, Decision, Finding, Market, Notify, Tick
from octobot_node.engine.evaluating.config_checks import findings_of
from octobot_node.engine.evaluating.evaluation import TickInput, evaluate
from octobot_node.testing import make_market

MARKET = make_market(BTC_USD=100)


class Config(BaseModel):
    symbol: str = "BTC/USD"


class Checked(Automation[Any, Any]):
    """Finds what it is given."""

    name = "checked"
    Config = Config

    def __init__(self, found: Any, says: str = "") -> None:
        self.found, self.says = found, says
        self.asked: list[Mapping[str, Decimal]] = []

    def evaluate(self, tick: Tick[Any, Any]) -> Decision:
        return Decision(actions=[Notify(self.says)] if self.says else ())

    def check(self, config: Any, market: Market, budget: Mapping[str, Decimal]) -> Any:
        self.asked.append(budget)
        return self.found(market) if callable(self.found) else self.found


def tick_of(automation: Checked, **fields: Any) -> list[tuple[str, str]]:
    given = TickInput("a", "checked", "{}", None, None, 1, 0, 0, None, 0, **fields)
    outcome = evaluate({"checked": automation}, given, MARKET, None)
    assert outcome.decision is not None
    return [(notice.level, notice.message) for notice in outcome.decision.notices]


def test_findings_come_back_as_they_are() -> None:
    found = (Finding("a.0.b", "is too small"), Finding("", "cannot be", "error"))
    assert findings_of(Checked(found), Config(), MARKET, {}) == found


def test_a_type_finds_nothing_unless_it_says_so() -> None:
    class Plain(Automation[Config, Any]):
        name = "plain"
        Config = Config

    assert findings_of(Plain(), Config(), MARKET, {}) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (["no"], "check() returned 'no', which is not a Finding"),
        (None, "TypeError: 'NoneType' object is not iterable"),
        ([Finding("a", "")], "the text of a finding has 1 to 1,000 characters; this one is ''"),
        ([Finding("a" * 201, "b")], "the field of a finding is text of at most 200 characters"),
        ([Finding("a", "b", "fatal")], "the severity of a finding is 'warning' or 'error', not 'fatal'"),  # type: ignore[arg-type]
        ([Finding("a", "b")] * 21, "check() returned 21 findings; 20 is the most"),
        (lambda _market: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_check_that_fails_refuses_nothing_and_says_whom_to_tell(found: Any, said: str) -> None:
    (finding,) = findings_of(Checked(found), Config(), MARKET, {})
    assert (finding.field, finding.severity) == ("", "warning")
    assert finding.text.startswith(f"the check of its type failed ({said}")
    assert finding.text.endswith("): tell the type's author")


def test_what_the_market_lacks_is_no_finding() -> None:
    assert findings_of(Checked(lambda market: market.ticker("ETH/USD")), Config(), MARKET, {}) == ()


def test_the_first_tick_with_a_config_tells_what_is_found_before_what_it_tells_itself() -> None:
    automation = Checked([Finding("a", "is too small"), Finding("", "cannot be", "error")], says="hello")
    assert tick_of(automation, new_config=True, balances=(("USD", Decimal(5)),)) == [
        ("warning", "a: is too small"),
        ("error", "cannot be"),
        ("info", "hello"),
    ]
    assert automation.asked == [{"USD": Decimal(5)}]
    assert tick_of(automation) == [("info", "hello")]


def test_what_a_tick_tells_itself_is_not_told_twice() -> None:
    automation = Checked([Finding("", "levels earn nothing", "error")], says="it does not trade: levels earn nothing")
    assert tick_of(automation, new_config=True) == [("info", "it does not trade: levels earn nothing")]
