"""The models stay out of the process that answers requests: numbers of megabytes that it does not need."""

import subprocess
import sys
from importlib.util import find_spec

PARTS = [
    "guanxi_analytics.modelling",
    *(["guanxi_analytics.app"] if find_spec("guanxi_analytics.app") else []),
]


def test_starting_the_service_imports_no_model() -> None:
    code = f"import sys, {', '.join(PARTS)}; print(*sorted(m for m in sys.modules if m.startswith(('guanxi_analytics.modelling.', 'scipy', 'sklearn'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # The textbook's arithmetic loads nothing.
    assert set(done.stdout.split()) <= {
        f"guanxi_analytics.modelling.{name}" for name in ("constant_margin", "two_shares")
    }
