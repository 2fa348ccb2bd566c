"""What reads and writes tables of every kind is large: a process that does nothing does not carry it."""

import pytest

from tests.carried import carried


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("guanxi_shared.exports.routes", []),
        ("guanxi_shared.imports.routes", []),
        ("guanxi_contacts.app", []),
        ("guanxi_pipeline.app", []),
        ("xlsxwriter", ["xlsxwriter"]),
    ],
)
def test_a_process_carries_what_it_uses(module: str, expected: list[str]) -> None:
    assert carried(module, "charset_normalizer", "xlsxwriter") == expected
