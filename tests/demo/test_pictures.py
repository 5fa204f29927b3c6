"""A picture made small is still the picture."""

from __future__ import annotations

import struct
import zlib
from random import Random

import pytest

from clinic.demo import pictures

WIDTH, HEIGHT = 60, 40
Pixels = list[list[tuple[int, int, int]]]


def few(chance: Random) -> Pixels:
    """A page: one colour, and a few others here and there."""
    colours = [(250, 250, 250)] * 12 + [(15, 118, 110), (22, 33, 43), (200, 40, 40)]
    return [[chance.choice(colours) for _ in range(WIDTH)] for _ in range(HEIGHT)]


def many(chance: Random) -> Pixels:
    """A page with more shades than a palette has: each pixel of its last rows has its own."""
    rows = few(chance)
    rows[-10:] = [[(x * 4, y, 128) for x in range(WIDTH)] for y in range(10)]
    return rows


def png(rows: Pixels, filters: tuple[int, ...]) -> bytes:
    """True colour, row after row under another filter, its data in two chunks, with a comment."""
    data, above = b"", bytes(WIDTH * 3)
    for number, row in enumerate(rows):
        plain, kind = bytes(value for pixel in row for value in pixel), filters[number % len(filters)]
        written = bytearray()
        for at, value in enumerate(plain):
            left, corner = (plain[at - 3], above[at - 3]) if at >= 3 else (0, 0)
            up = above[at]
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda each: abs(guess - each))
            written.append((value - (0, left, up, (left + up) // 2, nearest)[kind]) % 256)
        data, above = data + bytes([kind]) + bytes(written), plain
    packed = zlib.compress(data, 1)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = [
        (b"IHDR", header),
        (b"tEXt", b"by\0us"),
        (b"IDAT", packed[:50]),
        (b"IDAT", packed[50:]),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def seen(picture: bytes) -> Pixels:
    """What is on a picture with a palette; a wrong checksum fails."""
    chunks, at = {}, 8
    while at < len(picture):
        (length,) = struct.unpack(">I", picture[at : at + 4])
        kind, body = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        assert picture[at + 8 + length : at + 12 + length] == struct.pack(">I", zlib.crc32(kind + body))
        chunks[kind] = body
        at += length + 12
    data, palette = zlib.decompress(chunks[b"IDAT"]), chunks[b"PLTE"]
    assert len(palette) <= 256 * 3
    return [
        [tuple(palette[3 * number : 3 * number + 3]) for number in data[y * (WIDTH + 1) + 1 :][:WIDTH]]  # type: ignore[misc]
        for y in range(HEIGHT)
    ]


@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (0, 1, 2, 3, 4)])
def test_a_picture_of_few_colours_is_the_same_to_the_pixel(filters: tuple[int, ...]) -> None:
    rows = few(Random(7))
    written = png(rows, filters)
    assert seen(pictures.paletted(written)) == rows
    assert len(pictures.paletted(written)) < len(written)


def test_of_many_colours_the_frequent_stay_and_the_rest_is_near() -> None:
    rows = many(Random(7))
    shown = seen(pictures.paletted(png(rows, (4,))))
    assert shown[:-10] == rows[:-10]
    off = [
        max(abs(one - other) for one, other in zip(*pair, strict=True))
        for row, like in zip(rows[-10:], shown[-10:], strict=True)
        for pair in zip(row, like, strict=True)
    ]
    assert 0 < max(off) <= 16


def test_squeezing_changes_nothing_but_the_size() -> None:
    hasty = png(few(Random(7)), (4,))
    small = pictures.squeezed(hasty)
    assert len(small) < len(hasty)
    assert b"tEXt" not in small
    assert pictures.paletted(small) == pictures.paletted(hasty)


def test_another_kind_of_picture_is_refused() -> None:
    grey = png(few(Random(7)), (0,)).replace(
        struct.pack(">BBBBB", 8, 2, 0, 0, 0), struct.pack(">BBBBB", 8, 0, 0, 0, 0)
    )
    with pytest.raises(ValueError, match="browsers"):
        pictures.paletted(grey)
