"""Bodies as on the wire."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_platform.catalogue.operations import CONVERSATION_JOBS
from analytics_platform.source.errors import CutShort, NotJson
from analytics_platform.source.wire import Origin, Payload

ORIGIN = Origin(CONVERSATION_JOBS.results, 200, "text/html", "c-9")


@given(st.binary())
def test_gzip_is_inflated_and_plain_passes(body: bytes) -> None:
    assert Payload(gzip.compress(body), "gzip").inflate() == body
    assert Payload(body).inflate() == body


def test_several_gzip_members_are_one_body() -> None:
    payload = Payload(gzip.compress(b'{"a"') + gzip.compress(b" :1}"), "gzip")
    assert payload.inflate() == b'{"a" :1}'
    assert payload.inflate() is payload.inflate()


@given(st.data())
def test_a_gzip_stream_cut_anywhere_is_never_taken_for_whole(data: st.DataObject) -> None:
    whole = gzip.compress(b'{"conversations":[]}' * 20)
    wire = whole[: data.draw(st.integers(2, len(whole) - 1))]
    with pytest.raises(CutShort, match="broken after"):
        Payload(wire, "gzip", ORIGIN).inflate()


@given(st.integers(10, 278), st.integers(1, 255))
def test_a_damaged_gzip_stream_never_gives_another_body(at: int, flip: int) -> None:
    body = bytes(range(256))
    wire = bytearray(gzip.compress(body))
    wire[at] ^= flip
    try:
        # Some bits of the format stand for nothing.
        assert Payload(bytes(wire), "gzip").inflate() == body
    except CutShort as fault:
        assert "broken after" in str(fault)


@pytest.mark.parametrize(("wire", "encoding"), [(b"<html>names</html>", "gzip"), (b"", "gzip"), (b"\x1b", "br")])
def test_what_is_not_gzip_is_told_without_showing_it(wire: bytes, encoding: str) -> None:
    with pytest.raises(NotJson) as caught:
        Payload(wire, encoding, ORIGIN).inflate()
    text = str(caught.value)
    assert "names" not in text
    assert "status 200" in text
    assert "text/html" in text
    assert "c-9" in text
    assert caught.value.correlation_id == "c-9"


def test_a_payload_does_not_show_its_body() -> None:
    assert "Smith" not in repr(Payload(b"Smith", origin=ORIGIN))
    assert str(Origin()) == "a kept page"
