"""What a check found: one sentence of what is wrong, and the cure."""

from __future__ import annotations

__all__ = ["Violation", "sentence"]


class Violation(Exception):
    """A rule that an automation type breaks; ``seen`` is how to see it happen, a line for each step."""

    def __init__(self, what: str, cure: str, seen: tuple[str, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure
        self.seen = seen

    def after(self, steps: list[str]) -> Violation:
        """Return the same, with the steps that led there."""
        return Violation(self.what, self.cure, tuple(steps))


def sentence(name: str, violation: Violation) -> str:
    """Return what an author reads."""
    shown = violation.seen[-20:]
    left_out = [f"  … {len(violation.seen) - len(shown)} steps before"] if len(violation.seen) > len(shown) else []
    steps = ["How to see it:", *left_out, *(f"  {step}" for step in shown)] if shown else []
    return "\n".join([f"{name}: {violation.what}.", *steps, f"Cure: {violation.cure}."])
