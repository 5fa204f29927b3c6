"""Making pictures of pages small (PNG, ISO/IEC 15948): browsers write them in a hurry."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

COLOURS = 256
TRUE_COLOUR, WITH_PALETTE = 2, 3


def squeezed(png: bytes) -> bytes:
    """The same picture, compressed better."""
    chunks = list(_chunks(png))
    head = [(kind, body) for kind, body in chunks if kind in (b"IHDR", b"PLTE")]
    return _png(*head, (b"IDAT", zlib.compress(_data(chunks), 9)))


def paletted(png: bytes) -> bytes:
    """The picture in its 256 most frequent colours, the others as the nearest of them: a third of the bytes.

    A page has few colours and many shades where letters end, which nobody can tell apart. Eight bits and no
    transparency, as browsers write; ``ValueError`` for anything else.
    """
    chunks = list(_chunks(png))
    width, height, bits, kind, *_rest, interlaced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
    if (bits, kind, interlaced) != (8, TRUE_COLOUR, 0):
        raise ValueError("not a picture as browsers write them")
    rows = [
        [row[at : at + 3] for at in range(0, len(row), 3)] for row in _rows(_data(chunks), width * 3, height)
    ]
    palette = [
        colour for colour, _count in Counter(pixel for row in rows for pixel in row).most_common(COLOURS)
    ]
    known = {colour: number for number, colour in enumerate(palette)}
    for row in rows:
        for pixel in row:
            if pixel not in known:
                known[pixel] = _nearest(pixel, palette)
    data = b"".join(b"\0" + bytes(known[pixel] for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, WITH_PALETTE, 0, 0, 0)
    return _png((b"IHDR", header), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(data, 9)))


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    def distance(number: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(palette[number], colour, strict=True))

    return min(range(len(palette)), key=distance)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _data(chunks: list[tuple[bytes, bytes]]) -> bytes:
    return zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (*chunks, (b"IEND", b""))
    )


def _rows(data: bytes, length: int, height: int) -> Iterator[bytes]:
    """The rows of pixels behind their filters (§9 of the standard), three bytes a pixel."""
    above = bytes(length)
    for number in range(height):
        start = number * (length + 1)
        row = bytearray(data[start + 1 : start + 1 + length])
        kind = data[start]
        for at in range(length) if kind else ():
            left, corner = (row[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            up = above[at]
            row[at] = (row[at] + (left, up, (left + up) // 2, _paeth(left, up, corner))[kind - 1]) & 255
        above = bytes(row)
        yield above


def _paeth(left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    return min((left, up, corner), key=lambda each: abs(guess - each))
