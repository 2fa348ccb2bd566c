"""Runs first in every Python of a tortured suite, and does nothing but in its servers and workers."""

import os
import sys

if "TORTURE" in os.environ and sys.orig_argv[1:3] in (
    ["-m", "guanxi_shared.serve"],
    ["-m", "guanxi_shared.worker"],
):
    from tests.torture.inside import arm

    arm(sys.orig_argv[-1].removeprefix("guanxi_"))
