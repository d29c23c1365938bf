"""What is tried again and again is said when it begins, when it changes, and after an hour."""

from __future__ import annotations

from octobot_node.text.said_once import SaidOnce


def test_the_same_of_the_same_is_news_once_an_hour() -> None:
    now = [0.0]
    said = SaidOnce(monotonic=lambda: now[0])
    assert [said.is_news("a", "gone"), said.is_news("a", "gone"), said.is_news("b", "gone")] == [True, False, True]
    now[0] = 3_599.9
    assert not said.is_news("a", "gone")
    now[0] = 3_600.0
    assert said.is_news("a", "gone")
    assert said.is_news("a", "broken")


def test_what_is_over_is_news_again() -> None:
    said = SaidOnce()
    assert not said.is_over("a")
    said.is_news("a", "gone")
    assert said.is_over("a")
    assert said.is_news("a", "gone")
