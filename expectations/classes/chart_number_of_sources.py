"""提供元のカルテ番号: no text holds a number of the form its sources give charts, beside a label or as received.

Great Expectations is handed the strength of every distinct text, never text, form or index.
"""

from __future__ import annotations

from expectations.classes.base import Example, Own

EXPECTATION = Own(
    name="ExpectTextsToContainNoChartNumberOfTheirSources",
    ja="提供元が定めた形のカルテ番号が残っていないこと",
    en="Expect no text to contain a chart number of the form its sources declare.",
    source="APPI Enforcement Rules art. 34 item 3; chart_numbers of config/sources",
    test=lambda arguments: lambda found: int(found) < 2,
    examples=(Example({}, (0, 1), (2, 3)),),
)
