"""A table through `POST /v1/imports`, to the end of its job."""

from pathlib import Path
from typing import Any

import orjson

from guanxi_gateway.cli.api import Api
from guanxi_gateway.cli.job_progress import console, demand_done, follow
from guanxi_shared.launch.errors import LaunchError


def import_table(
    api: Api, path: Path, resource: str, options: dict[str, Any], *, errors: Path | None = None
) -> bool:
    """Upload, follow the job, say how it went; whether every row went through."""
    form = {"resource": resource, "start": "true", "options": orjson.dumps(options).decode()}
    try:
        with path.open("rb") as file:
            found = api.request(
                "POST",
                f"/v1/imports?resource={resource}",
                files={"file": (path.name, file)},
                data=form,
            ).json()
    except OSError as error:
        raise LaunchError(f"{path} cannot be read: {error.strerror}.") from error
    job = follow(api, found["job"]["id"], f"{path.name} → {resource}")
    demand_done(job)
    told = (
        ", ".join(f"{count} {name}" for name, count in job["counts"].items() if count)
        or "nothing in it"
    )
    console.print(
        f"{path.name} → {resource}: {told}" + (" (dry run)" if options.get("dry_run") else "")
    )
    if job["errors"]:
        target = errors or Path(f"{path.stem}.{resource}.errors.csv")
        api.download(f"/v1/imports/{found['id']}/errors.csv", target)
        console.print(
            f"{job['errors']} rows did not go through wholly; they are in {target} with the reasons."
        )
    return not job["errors"]
