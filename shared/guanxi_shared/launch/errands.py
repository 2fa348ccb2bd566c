"""Processes that run once, beside those that are kept alive; they end with the supervisor."""

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from guanxi_shared.launch.child import die_with_parent
from guanxi_shared.launch.errors import LaunchError

LAST_LINES = 15
STOP_TIMEOUT = 10.0


async def run_quietly(what: str, command: Sequence[str], env: Mapping[str, str]) -> None:
    """LaunchError with its last lines when it fails."""
    child = await _start(command, env, output=asyncio.subprocess.PIPE)
    async with _ends_with_us(child):
        output, _ = await child.communicate()
    if child.returncode != 0:
        lines = output.decode("utf-8", errors="replace").splitlines()[-LAST_LINES:]
        raise LaunchError(f"{what} failed:\n" + "\n".join(lines))


async def run_on_terminal(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Writes where we write (progress bars work); returns its exit code."""
    child = await _start(command, env, output=None)
    async with _ends_with_us(child):
        return await child.wait()


async def _start(
    command: Sequence[str], env: Mapping[str, str], *, output: int | None
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        env=dict(env),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )


@asynccontextmanager
async def _ends_with_us(child: asyncio.subprocess.Process) -> AsyncIterator[None]:
    try:
        yield
    except asyncio.CancelledError:
        child.terminate()
        try:
            await asyncio.wait_for(child.wait(), STOP_TIMEOUT)
        except TimeoutError:
            child.kill()
            await child.wait()
        raise
