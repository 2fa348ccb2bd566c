"""The process beside: takes one thing after the other, until nobody asks for a minute."""

import signal
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final

IDLE_SECONDS: Final = 60.0
# Each loads the libraries that it takes when it is first asked for.
MADE_BY: Final[Mapping[str, tuple[str, str]]] = {
    "chart": ("guanxi_analytics.charts.drawing", "draw"),
    "contract_renewals": ("guanxi_analytics.contracts.learning_renewals", "learn_renewals"),
    "contract_retention": ("guanxi_analytics.contracts.learning", "learn_retention"),
    "parquet": ("guanxi_analytics.press.parquet", "as_parquet"),
    "pdf": ("guanxi_analytics.press.typesetting", "set_type"),
}


def serve(pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is our parent's to handle
    with suppress(EOFError, OSError):
        while pipe.poll(IDLE_SECONDS):
            what, given = pipe.recv()
            pipe.send(_made(what, given))


def _made(what: str, given: dict[str, Any]) -> tuple[bool, bytes | str]:
    try:
        module, name = MADE_BY[what]
        make: Callable[..., bytes] = getattr(import_module(module), name)
        return True, make(**given)
    except Exception:
        return False, traceback.format_exc()
