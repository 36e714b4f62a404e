import gzip
import zlib

import pytest

from escalator.errors import TooLarge, Unauthorized
from escalator.stream.signature import decompressed, sign, verify

BODY = b'{"type":"moderation.flagged"}'
SECRET = "s3cret"
LIMIT = 1_000


def test_signs_as_stream_does() -> None:
    # RFC 4231, test case 2.
    assert (
        sign(b"what do ya want for nothing?", "Jefe")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param([SECRET], id="the only secret"),
        pytest.param(["new", SECRET], id="the old secret while it is rotated"),
        pytest.param([SECRET, "old"], id="the new secret while it is rotated"),
        pytest.param(["", SECRET], id="an empty secret is skipped"),
    ],
)
def test_accepts_what_an_active_secret_signed(secrets: list[str]) -> None:
    verify(BODY, sign(BODY, SECRET), secrets)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(sign(BODY, "another"), id="another secret's"),
        pytest.param(sign(BODY + b" ", SECRET), id="another body's"),
        pytest.param(sign(BODY, SECRET).upper(), id="upper case, which Stream never sends"),
        pytest.param("sha256=" + sign(BODY, SECRET), id="with a prefix"),
        pytest.param(sign(BODY, SECRET)[:-1], id="cut short"),
        pytest.param("\xe9" * 64, id="no ASCII"),
        pytest.param("\ud800", id="no Unicode either"),
        pytest.param("0" * 100_000, id="endless"),
    ],
)
def test_refuses_every_other_signature(signature: str | None) -> None:
    with pytest.raises(Unauthorized):
        verify(BODY, signature, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["  "]])
def test_refuses_everything_without_a_secret(secrets: list[str]) -> None:
    signature = sign(BODY, secrets[0] if secrets else "")
    with pytest.raises(Unauthorized):
        verify(BODY, signature, secrets)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(BODY, id="as it is"),
        pytest.param(gzip.compress(BODY), id="gzip"),
        pytest.param(gzip.compress(BODY[:9]) + gzip.compress(BODY[9:]), id="gzip in two members"),
    ],
)
def test_inflates_to_the_signed_bytes(sent: bytes) -> None:
    assert decompressed(sent, LIMIT) == BODY


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_the_limit_itself_is_allowed(size: int) -> None:
    assert decompressed(b"a" * size, LIMIT) == b"a" * size
    assert decompressed(gzip.compress(b"a" * size), LIMIT) == b"a" * size


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"a" * (LIMIT + 1), id="plain"),
        pytest.param(gzip.compress(b"a" * (LIMIT + 1)), id="inflated by one byte"),
        pytest.param(gzip.compress(b"a" * 900_000), id="a bomb"),
        pytest.param(gzip.compress(b"a" * 600) * 2, id="in two members"),
        pytest.param(b"\x1f\x8b" + bytes(LIMIT), id="before it is inflated at all"),
    ],
)
def test_a_body_over_the_limit_is_too_large(sent: bytes) -> None:
    with pytest.raises(TooLarge):
        decompressed(sent, LIMIT)


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(gzip.compress(BODY)[:-1], id="without its last byte"),
        pytest.param(gzip.compress(BODY)[:12], id="cut inside"),
        pytest.param(b"\x1f\x8b", id="only the magic"),
        pytest.param(gzip.compress(BODY) + b"{}", id="followed by something"),
        pytest.param(gzip.compress(BODY)[:-8] + bytes(8), id="with a wrong checksum"),
        pytest.param(b"\x1f\x8b" + zlib.compress(BODY), id="no gzip behind the magic"),
        pytest.param(gzip.compress(b"") * 65, id="endless empty members"),
    ],
)
def test_a_broken_gzip_stream_is_nobodys(sent: bytes) -> None:
    with pytest.raises(Unauthorized):
        decompressed(sent, 10_000)
