"""Amounts as a person reads them: never rounded to nothing, no exponent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from octobot_node.cli.output.figure_text import amount, figure
from octobot_node.text.amounts import legible


@pytest.mark.parametrize(
    ("value", "asset", "text"),
    [
        ("1234.5", "USD", "1,234.50 USD"),
        ("0.004", "USD", "0.004 USD"),
        ("0", "USD", "0.00 USD"),
        ("-0.0", "BTC", "0 BTC"),
        ("1E+3", "SHIB", "1,000 SHIB"),
        ("0.00008805703", "BTC", "0.00008806 BTC"),
        ("0.0000072172172", "USDT", "0.0000072172 USDT"),
        ("0.0000000014291", "USDT", "0.0000000014291 USDT"),
        ("-0.000000000123456789", "BTC", "-0.00000000012346 BTC"),
        ("1.5e-12", "BTC", "0.0000000000015 BTC"),
        ("70675627873.752", "BABYDOGE", "70,675,627,873.752 BABYDOGE"),
        ("93500.123456789123", "", "93,500.12345679"),
    ],
)
def test_an_amount_has_digits_enough(value: str, asset: str, text: str) -> None:
    assert amount(Decimal(value), asset) == text


def test_a_figure_that_is_a_number_is_read_as_one() -> None:
    assert (figure("1.4149149E-9"), figure("open"), figure("NaN")) == ("0.0000000014149", "open", "NaN")


def test_a_price_has_as_many_digits_as_asked_for_or_eight_decimals() -> None:
    values = ["0.0000000014149148", "0.05", "93500.123456789", "0"]
    assert [f"{legible(Decimal(value), 8):f}" for value in values] == [
        "0.0000000014149148",
        "0.05",
        "93500.12345679",
        "0",
    ]
