"""図: counts as bars, SVG made here: no script, nothing fetched. Pages colour them by class; on paper they have one.

A drawing says its title and nothing else to those who cannot see it: a table with the same figures stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_COLOUR, _FONT = "#0f6b74", 12


def columns(title: str, rows: Sequence[tuple[str, int]], *, width: int = 640, height: int = 190) -> Markup:
    """Upright bars, one a month: label and count."""
    most, step = max((count for _, count in rows), default=0) or 1, width / max(1, len(rows))
    base, top = height - 24, 18
    parts = [_line(base, width), *(_guide(base - (base - top) * part / 2, width) for part in (1, 2))]
    for number, (label, count) in enumerate(rows):
        left, tall = number * step, (base - top) * count / most
        middle = left + step / 2
        parts.append(_bar(left + step * 0.2, base - tall, step * 0.6, tall))
        parts.append(f'<text x="{middle:.1f}" y="{height - 7}" text-anchor="middle">{escape(label)}</text>')
        if count:
            parts.append(_number(middle, base - tall - 5, count, "middle"))
    return _drawing(title, parts, width, height)


def bars(title: str, rows: Sequence[tuple[str, int]], *, width: int = 460, left: int = 190) -> Markup:
    """Lying bars, most first as given: label and count. Long labels are cut; the table has them whole."""
    most, height = max((count for _, count in rows), default=0) or 1, 26 * max(1, len(rows)) + 4
    parts = []
    for number, (label, count) in enumerate(rows):
        top, long = number * 26 + 4, (width - left - 46) * count / most
        parts.append(f'<text x="{left - 10}" y="{top + 14}" text-anchor="end">{escape(_cut(label, left))}</text>')
        parts.append(_bar(left, top, max(1.0, long), 18))
        parts.append(_number(left + long + 7, top + 14, count, "start"))
    return _drawing(title, parts, width, height)


def _drawing(title: str, parts: Sequence[str], width: int, height: int) -> Markup:
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{escape(title)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-size="{_FONT}" fill="currentColor">'
        f"{''.join(parts)}</svg>"
    )


def _bar(left: float, top: float, width: float, height: float) -> str:
    size = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="bar" {size} rx="3" fill="{_COLOUR}"/>'


def _number(x: float, y: float, count: int, anchor: str) -> str:
    return f'<text class="count" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="600">{count:,}</text>'


def _line(y: float, width: int) -> str:
    return f'<rect class="axis" x="0" y="{y}" width="{width}" height="1" fill="#9aa7b5"/>'


def _guide(y: float, width: int) -> str:
    return f'<rect class="guide" x="0" y="{y:.1f}" width="{width}" height="1" fill="#e3e8ee"/>'


def _cut(label: str, left: int) -> str:
    """As much of a label as fits; letters beyond ASCII are about twice as wide."""
    room, kept = (left - 10) / (_FONT * 0.58), ""
    for letter in label:
        room -= 1 if letter.isascii() else 1.75
        if room < 1:
            return kept + "…"
        kept += letter
    return kept
