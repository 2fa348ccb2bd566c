"""scikit-learn is as large as the service: only the process that learns carries it."""

import os
import subprocess
import sys

import pytest

LOOK = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(sorted({"sklearn", "scipy", "numpy"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("guanxi_pipeline.app", "[]"),
        ("guanxi_pipeline.jobs", "[]"),
        ("sklearn", "['numpy', 'scipy', 'sklearn']"),
    ],
)
def test_neither_service_nor_worker_imports_it(module: str, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, module], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.strip() == expected
