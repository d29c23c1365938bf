"""Whatever became of a file, it is read or refused in a sentence; nothing else ever comes out."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octobot_node.errors import InvalidMarketData
from octobot_plugins.replay.files.reading import read_candles
from tests.unit.plugins.replay.kinds_of_files import KINDS

DAMAGE = st.tuples(
    st.integers(0, 10**6),
    st.sampled_from(["flip", "cut", "double", "insert"]),
    st.sampled_from([b",", b";", b"\n", b'"', b"-", b".", b"e", b"[", b"\x00", b"\xff", b"9" * 50]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(KINDS)), damages=st.lists(DAMAGE, min_size=1, max_size=3))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, kind: str, damages: list[tuple[int, str, bytes]]) -> None:
    data = bytearray(KINDS[kind][1])
    for place, what, text in damages:
        at = place % (len(data) or 1)
        if what == "flip":
            data[at : at + 1] = text[:1]
        elif what == "cut":
            del data[at : at + len(text) * 7]
        elif what == "double":
            data[at:at] = data[at : at + 40]
        else:
            data[at:at] = text
    path = tmp_path / "candles"
    path.write_bytes(bytes(data))
    said = f"{path}"
    try:
        file = read_candles("BTC/USDT", path)
    except InvalidMarketData as refused:
        said = str(refused)
    else:
        assert file.line_of(len(file.series) - 1) >= 1
    assert said.startswith(f"{path}")
    assert "\n" not in said
