"""A job's progress as a bar, until it has ended."""

import threading
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guanxi_gateway.cli.api import Api
from guanxi_shared.launch.errors import LaunchError

EVERY = 0.3
ENDED = ("done", "failed", "cancelled")

console = Console(highlight=False, soft_wrap=True)


def follow(api: Api, job_id: str, title: str) -> dict[str, Any]:
    """The job as it ended; Ctrl-C leaves it running and says so."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    pause = threading.Event()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        try:
            while True:
                job: dict[str, Any] = api.get(f"/v1/jobs/{job_id}")
                progress.update(task, completed=job["done"], total=job["total"])
                if job["status"] in ENDED:
                    return job
                pause.wait(EVERY)
        except KeyboardInterrupt:
            console.print(f"The job goes on without us: GET /v1/jobs/{job_id} shows it.")
            raise


def demand_done(job: dict[str, Any]) -> None:
    if job["status"] != "done":
        raise LaunchError(f"The job {job['status']}: {job['message'] or 'no reason was given'}.")
