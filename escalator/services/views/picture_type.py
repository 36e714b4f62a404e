"""What kind of picture some bytes are, by how they begin, whatever their sender calls them."""

_BEGINNINGS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_RIFF, _WEBP = b"RIFF", b"WEBP"


def picture_type(data: bytes) -> str | None:
    """Return the media type of a JPEG, PNG, GIF or WebP picture; None for anything else (SVG can hold a program)."""
    if data[:4] == _RIFF and data[8:12] == _WEBP:
        return "image/webp"
    return next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), None)
