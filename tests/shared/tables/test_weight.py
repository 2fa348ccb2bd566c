"""What reads and writes tables of every kind is large: a process that does nothing does not carry it."""

import os
import subprocess
import sys

import pytest

LOOK = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(sorted({"charset_normalizer", "xlsxwriter"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("guanxi_shared.exports.routes", "[]"),
        ("guanxi_shared.imports.routes", "[]"),
        ("guanxi_contacts.app", "[]"),
        ("guanxi_pipeline.app", "[]"),
        ("xlsxwriter", "['xlsxwriter']"),
    ],
)
def test_a_process_carries_what_it_uses(module: str, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, module], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.strip() == expected
