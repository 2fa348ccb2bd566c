"""Children that end with their parent, even when it is killed -9.

Linux only (PR_SET_PDEATHSIG). The signal is sent when the *thread* that started the child ends,
so it is armed on the main thread alone; elsewhere leftovers are cleared at the next start.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Loaded here: between fork and exec nothing may be imported.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def adopt_orphans(adopts: bool) -> None:
    """Whether processes that lose their parent become children of this one, if they come from it (Linux)."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_CHILD_SUBREAPER, int(adopts))


def die_with_parent(with_signal: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn`. It runs after the user was changed, which would clear the setting."""
    if LIBC is None or threading.current_thread() is not threading.main_thread():
        return None
    libc, parent, number = LIBC, os.getpid(), int(with_signal)

    def arm() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it ended between fork and prctl
            os._exit(1)

    return arm
