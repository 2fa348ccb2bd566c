"""guanxi demo: the demo organisation, loaded into the suite that runs on this machine."""

import os
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from guanxi_gateway.cli.demo.loading import Loaded, load
from guanxi_gateway.cli.demo.seeds import DEFAULT_SEED
from guanxi_gateway.cli.demo.staff import ADMIN_EMAIL
from guanxi_gateway.cli.operator import service_secret
from guanxi_gateway.cli.running import gateway_url
from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.secret_file import SecretFile
from guanxi_shared.launch.settings import LaunchSettings

PASSWORD, SEED = "GUANXI_DEMO_PASSWORD", "GUANXI_DEMO_SEED"
PASSWORD_BYTES = 12

console = Console(highlight=False, soft_wrap=True)


def demo() -> None:
    """Load the demo organisation; running it again completes what is missing."""
    settings = LaunchSettings.from_environment()
    secret, began = service_secret(settings), time.monotonic()
    password = _password(settings)
    with Steps() as steps:
        loaded = load(
            gateway_url(settings),
            password=password,
            service_secret=secret,
            seed=_seed(),
            tell=steps.tell,
        )
    _remember(settings, password)
    _show(loaded, time.monotonic() - began)
    if not settings.demo_password:
        where = SecretFile(settings.data_dir).path
        console.print(f"The password is {PASSWORD} in {where}.", markup=False)


class Steps:
    """A progress bar per step, while the block runs; without a terminal, none."""

    def __init__(self) -> None:
        columns = TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn()
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._progress.add_task(step, total=total)
        self._progress.update(self._tasks[step], completed=done)


def _show(loaded: Loaded, seconds: float) -> None:
    console.print(
        f"Demo organisation: {loaded.companies} companies, {loaded.people} people, "
        f"{loaded.activities} activities, {loaded.opportunities} opportunities, {loaded.orders} orders, {loaded.tickets} tickets, {loaded.users} users ({seconds:.1f} s). "
        f"Sign in as {ADMIN_EMAIL}, manager@, sales@ or agent@; all have one password."
    )


def _password(settings: LaunchSettings) -> str:
    """The environment's, else the one of the data folder, else a new one that is kept there."""
    if settings.demo_password:
        return settings.demo_password
    secrets = SecretFile(settings.data_dir)
    return secrets.get_or_make(PASSWORD, size=PASSWORD_BYTES)[PASSWORD]


def _remember(settings: LaunchSettings, password: str) -> None:
    """Where the suite looks when it prints the sign-in; a container may have no data folder."""
    if settings.data_dir.is_dir():
        SecretFile(settings.data_dir).save(**{PASSWORD: password})


def _seed() -> int:
    text = os.environ.get(SEED) or str(DEFAULT_SEED)
    if not text.isdecimal():
        raise LaunchError(f"{SEED} is {text!r}: it must be a whole number.")
    return int(text)
