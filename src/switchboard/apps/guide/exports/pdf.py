"""A summary as a PDF page, in the scripts of the world: each run of a script in a font that has it, shaped.

Fonts for Latin, Greek, Cyrillic, Devanagari and Arabic ship; Chinese, Japanese and Korean are drawn by the reader's
own. The library is imported when the first page is made.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

_LATIN, _DEVANAGARI, _ARABIC = "Noto Sans", "Noto Sans Devanagari", "Noto Naskh Arabic"
_FILES = {
    _LATIN: "NotoSans-Regular.ttf",
    _DEVANAGARI: "NotoSansDevanagari-Regular.ttf",
    _ARABIC: "NotoNaskhArabic-Regular.ttf",
}
_CHINESE, _JAPANESE, _KOREAN = "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
_RANGES = (
    ("\u0900", "\u097f", _DEVANAGARI),
    ("\u0600", "\u06ff", _ARABIC),
    ("\u0750", "\u077f", _ARABIC),
    ("\ufb50", "\ufeff", _ARABIC),
    ("\u3040", "\u30ff", _JAPANESE),
    ("\u4e00", "\u9fff", _CHINESE),
    ("\uac00", "\ud7af", _KOREAN),
)
_MARGIN, _SIZE, _LEADING = 56, 11.5, 17
_RIGHT = 2
_UNKNOWN = "\u25a1"


def write(summary: Mapping[str, Any], closing: str) -> bytes:
    """The page of a summary. `closing` stands at its end. The same summary makes the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.platypus import SimpleDocTemplate

    _register_fonts()
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
        title=summary["title"],
        author="",
        lang=summary["language"],
        invariant=1,
    )
    page.build(list(_flow(summary, closing)))
    return out.getvalue()


def _flow(summary: Mapping[str, Any], closing: str) -> Iterator[Any]:
    yield _paragraph(summary["title"], size=19, after=14)
    for part in summary["parts"]:
        yield _paragraph(part["heading"], size=13, after=3, colour="#0b6b63")
        for text in part["text"].splitlines() or [""]:
            yield _paragraph(text, size=_SIZE, after=2)
        yield _paragraph("", size=_SIZE, after=6)
    if summary.get("closing"):
        yield _paragraph(summary["closing"], size=_SIZE, after=10)
    yield _paragraph(closing, size=9.5, after=0, colour="#555f68")


def _paragraph(text: str, *, size: float, after: float, colour: str = "#1c2226") -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    is_rtl = _is_right_to_left(text)
    style = ParagraphStyle(
        "text",
        fontName=_LATIN,
        fontSize=size,
        leading=size * _LEADING / _SIZE,
        spaceAfter=after,
        textColor=HexColor(colour),
        shaping=1,
        wordWrap="RTL" if is_rtl else None,
        alignment=_RIGHT if is_rtl else 0,
    )
    marked = "".join(f'<font name="{font}">{escape(run)}</font>' for font, run in _runs(text))
    return Paragraph(marked or "&nbsp;", style)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """The text in runs of one font each; signs between words stay with the run before them."""
    font, run = _LATIN, ""
    for sign in text:
        # Signs and digits stay in the font of the words around them: a run of its own would leave its place.
        wanted = font if _is_neutral(sign) and _has(font, sign) else _font_of(sign)
        if wanted != font and run:
            yield font, run
            run = ""
        font = wanted
        run += sign if _has(font, sign) else ("" if unicodedata.category(sign)[0] in "MC" else _UNKNOWN)
    if run:
        yield font, run


def _font_of(sign: str) -> str:
    return next((font for first, last, font in _RANGES if first <= sign <= last), _LATIN)


def _is_neutral(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] in "PMSN"


def _is_right_to_left(text: str) -> bool:
    """The direction of the first sign that has one (Unicode's rule P2)."""
    directions = map(unicodedata.bidirectional, text)
    return next((each in ("R", "AL") for each in directions if each in ("L", "R", "AL")), False)


@cache
def _register_fonts() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = files("switchboard.apps.guide") / "data" / "fonts"
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, io.BytesIO((folder / file).read_bytes()), shapable=True))
    for name in (_CHINESE, _JAPANESE, _KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))


def _has(font: str, sign: str) -> bool:
    """Whether a font can draw a sign; the reader's own fonts are taken at their word."""
    if font not in _FILES:
        return True
    return ord(sign) in _known_signs(font)


@cache
def _known_signs(font: str) -> frozenset[int]:
    from reportlab.pdfbase import pdfmetrics

    _register_fonts()
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)
