"""Ctrl-C and its relatives: the first one stops cleanly, the second one at once."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from guanxi_shared.launch.process import Say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@asynccontextmanager
async def stops_on_signal(*, say: Say) -> AsyncIterator[asyncio.Event]:
    """Cancels the body at the first signal and swallows that; sets the event at the second."""
    loop, at_once = asyncio.get_running_loop(), asyncio.Event()
    body = asyncio.current_task()
    assert body is not None
    received = 0

    def receive() -> None:
        nonlocal received
        received += 1
        if received == 1:
            say("stopping … (Ctrl-C again to stop at once)")
            body.cancel()
        else:
            at_once.set()

    for number in SIGNALS:
        loop.add_signal_handler(number, receive)
    try:
        yield at_once
    except asyncio.CancelledError:
        if not received:
            raise
        body.uncancel()
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
