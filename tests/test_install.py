"""How `make` installs: all that is pinned and nothing else, by several pips at once."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "requirements" / "install.py"


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_each_pin_is_found_with_its_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = runpy.run_path(str(SCRIPT))["pinned"](text)
    assert len(pins) > 100
    assert "".join(pins) == text
    assert all(
        re.match(r"[A-Za-z0-9_.-]+==\S+ (;[^\n]+)?\\\n    --hash=sha256:", pin) for pin in pins
    )


def test_a_pip_that_fails_says_why_and_the_others_are_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "pins.txt"
    pin = "guanxi-has-no-such-package=={0}.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
    file.write_text("".join(pin.format(n) for n in range(1, 6)), encoding="utf-8")
    told = subprocess.run(
        [sys.executable, SCRIPT, file],
        env=os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "guanxi-has-no-such-package" in told.stderr
    assert told.stderr.rstrip().endswith("pip failed (1).")
