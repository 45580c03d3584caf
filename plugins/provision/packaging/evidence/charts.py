"""図: bars as SVG, made here: no script, nothing fetched, readable without seeing (title and text of every bar)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_ROW, _LEFT, _WIDTH, _COLOURS = 22, 170, 360, ("#8a9bb0", "#0b5a6f")


def bars(title: str, rows: Sequence[tuple[str, Sequence[float]]], series: Sequence[str]) -> Markup:
    """Horizontal bars of shares (0 to 1): per row one bar for each series."""
    height = 26 + len(rows) * (len(series) * 14 + 10)
    parts = [_legend(series)]
    top = 26
    for label, shares in rows:
        parts.append(f'<text x="{_LEFT - 8}" y="{top + 12}" text-anchor="end">{escape(label)}</text>')
        for number, share in enumerate(shares):
            parts.append(_bar(top + number * 14, share, _COLOURS[number % 2]))
        top += len(series) * 14 + 10
    return Markup(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_LEFT + _WIDTH + 70} {height}" '
        f'font-size="11" fill="currentColor"><title>{escape(title)}</title>{"".join(parts)}</svg>'
    )


def _legend(series: Sequence[str]) -> str:
    return "".join(
        f'<rect x="{_LEFT + n * 120}" y="4" width="10" height="10" fill="{_COLOURS[n % 2]}"/>'
        f'<text x="{_LEFT + 14 + n * 120}" y="13">{escape(name)}</text>'
        for n, name in enumerate(series)
    )


def _bar(top: int, share: float, colour: str) -> str:
    width = max(0.5, min(1.0, share) * _WIDTH)
    return (
        f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="12" fill="{colour}"/>'
        f'<text x="{_LEFT + width + 6:.1f}" y="{top + 10}">{share:.1%}</text>'
    )
