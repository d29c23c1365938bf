"""Edits say what they change: ``ETag`` tells a thing's revision, ``If-Match`` gives it back."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Response

from octobot_node.api.problems import ApiProblem, FieldError

__all__ = ["IfMatch", "expected", "optional", "tag"]

#: As it was given, or as proxies that compress hand it on: weak, or with what they did to it in its name.
_TAG = re.compile(r'(?:W/)?"([0-9]{1,18})(?:(?:--?|;)(?:gzip|br|deflate|zstd))?"(?:-(?:gzip|br|deflate|zstd))?')
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
    # A revision is equal in meaning, whatever its bytes are. Of several the newest: what was not seen is not replaced.
    found = [_TAG.fullmatch(each.strip()) for each in if_match.split(",")]
    revisions = [int(each[1]) for each in found if each is not None]
    if len(revisions) < len(found):
        wrong = FieldError(field="header.If-Match", reason='must be an ETag that was given here, such as "7", or *')
        raise ApiProblem("invalid", f"{wrong.field}: {wrong.reason}", fields=[wrong])
    return max(revisions)
