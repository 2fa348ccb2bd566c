"""guanxi up: everything from an empty folder to a running suite, until Ctrl-C."""

import asyncio
import sys
from importlib.util import find_spec

from rich.console import Console

from guanxi_shared.launch.errands import run_on_terminal
from guanxi_shared.launch.plan import Suite
from guanxi_shared.launch.process import outcome
from guanxi_shared.launch.secret_file import SecretFile, write_atomically
from guanxi_shared.launch.settings import LaunchSettings
from guanxi_shared.launch.suite import fork_services, run_suite

DEMO_EMAIL = "admin@demo.example"
DEMO_PASSWORD = "GUANXI_DEMO_PASSWORD"
DEMO_COMMAND = "guanxi_gateway.cli.demo"
LOADED = "demo.loaded"

console = Console(highlight=False, soft_wrap=True)


def up() -> None:
    """Start the suite, with the demo organisation at the first start; Ctrl-C stops it."""
    settings = LaunchSettings.from_environment()
    forked = fork_services()

    async def tell(suite: Suite) -> None:
        console.print(f"\n[bold green]Guanxi is ready[/] on {suite.gateway_url}")
        console.print(f"API documentation  {suite.gateway_url}/docs")
        if settings.wants_demo and find_spec(DEMO_COMMAND) is not None:
            await _show_demo(suite, settings)
        console.print("Ctrl-C stops everything.\n")

    asyncio.run(run_suite(settings, on_ready=tell, say=_say, log=_log, forked=forked))


async def _show_demo(suite: Suite, settings: LaunchSettings) -> None:
    marker = suite.data_dir / LOADED
    secrets = SecretFile(suite.data_dir)
    if not marker.exists():
        if settings.demo_password:
            secrets.save(**{DEMO_PASSWORD: settings.demo_password})
        code = await _load(suite, secrets.get_or_make(DEMO_PASSWORD, size=12)[DEMO_PASSWORD])
        if code != 0:
            console.print(f"[yellow]The demo was not loaded ({outcome(code)}): try `make demo`.[/]")
            return
        write_atomically(marker, f"{suite.gateway_url}\n")
    console.print(f"Demo sign-in       {DEMO_EMAIL}")
    console.print(f"password           {secrets.read().get(DEMO_PASSWORD, '?')}", markup=False)


async def _load(suite: Suite, password: str) -> int:
    """In a process of its own: its failure leaves the suite running."""
    env = {**suite.environments["gateway"], DEMO_PASSWORD: password}
    return await run_on_terminal((sys.executable, "-m", "guanxi_gateway.cli", "demo"), env)


def _say(line: str) -> None:
    console.print(f"{'guanxi':<16} | {line}", style="cyan", markup=False)


def _log(line: str) -> None:
    print(line, flush=True)
