"""Child processes that see the services of one test and none of the checkout's own.

`make` puts the members on the path of every process (a .pth file), so that discovery in a child
would find the real services beside the test's.
"""

from pathlib import Path

ALONE = """\
import sys

sys.path[:] = [path for path in sys.path if "/services/" not in path.replace("\\\\", "/") + "/"]
"""


def keep_alone(packages: Path) -> None:
    """`sitecustomize` runs after .pth files, in each process that has the folder on its path."""
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "sitecustomize.py").write_text(ALONE)
