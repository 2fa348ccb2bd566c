"""python requirements/install.py FILE: installs what it pins, by several pips at once.

One pip unpacks and compiles on one core, for more than half of the time until a new machine first serves. Each
gets a share of the file and takes nothing beside it (--no-deps): the file names all that is needed, with hashes.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MOST = 6
PIP = (
    sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "--no-deps",
    "--quiet", "--quiet", "--requirement",
)  # fmt: skip


def main(file: Path) -> str | None:
    """What the first pip that failed said, None if all is there."""
    pins = pinned(file.read_text(encoding="utf-8"))
    at_once = min((os.cpu_count() or 1) + 1, MOST, len(pins))
    shares = [pins[n::at_once] for n in range(at_once)]
    with tempfile.TemporaryDirectory() as folder:
        started = [_started(Path(folder) / f"{n}.txt", share) for n, share in enumerate(shares)]
        said = [(pip.communicate()[0], pip.returncode) for pip in started]
    return next((f"{words}pip failed ({code})." for words, code in said if code), None)


def pinned(text: str) -> list[str]:
    """Each pin with its hashes, which stand on lines of their own behind it."""
    found: list[str] = []
    for line in text.splitlines(keepends=True):
        if line[0].isspace() and found:
            found[-1] += line
        elif line.strip() and not line.startswith("#"):
            found.append(line)
    return found


def _started(file: Path, pins: Sequence[str]) -> subprocess.Popen[str]:
    file.write_text("".join(pins), encoding="utf-8")
    return subprocess.Popen(
        [*PIP, str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit("Stopped before all was installed: the next try goes on from there.")
