"""Edits say what they change: ``ETag`` tells a thing's revision, ``If-Match`` gives it back."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Response

from octobot_node.api.problems import ApiProblem, FieldError

__all__ = ["IfMatch", "expected", "optional", "tag"]

_TAG = re.compile(r'"([0-9]{1,18})"')
#: The header of an edit.
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The ETag that was read, such as "7"; * for whatever there is.')
]


def tag(response: Response, revision: int) -> None:
    """Tell a thing's revision."""
    response.headers["ETag"] = f'"{revision}"'


def optional(if_match: str | None) -> int | None:
    """Return the revision that a command is about, where it says one; raise ApiProblem for a tag that is none."""
    return None if if_match is None else expected(if_match)


def expected(if_match: str | None) -> int | None:
    """Return the revision that an edit is about, None for whatever there is; raise ApiProblem."""
    if if_match is None:
        raise ApiProblem("precondition-required", "read it first, and send its ETag as If-Match")
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        wrong = FieldError(field="header.If-Match", reason='must be an ETag that was given here, such as "7", or *')
        raise ApiProblem("invalid", f"{wrong.field}: {wrong.reason}", fields=[wrong])
    return int(found[1])
