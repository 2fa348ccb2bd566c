"""What a process carries: which of some large libraries an import brings along."""

import os
import subprocess
import sys

LOOK = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(" ".join(sorted(set(sys.argv[2:]) & sys.modules.keys())))
"""


def carried(module: str, *large: str) -> list[str]:
    """Those of `large` that a fresh process has once it imported `module`."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, module, *large], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    return done.stdout.split()
