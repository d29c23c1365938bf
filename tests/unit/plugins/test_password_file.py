"""A password that is read from a file, as editors write one."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from octobot_plugins.auth import commands


@pytest.mark.parametrize("written", ["correct horse", "correct horse\n", "\ufeffcorrect horse\r\n"])
def test_neither_a_mark_nor_the_end_of_the_line_is_the_passwords(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_bytes(written.encode())
    monkeypatch.setattr("sys.stdin", io.StringIO(written))

    assert [commands._read_password(path) for path in (file, Path("-"))] == ["correct horse"] * 2
