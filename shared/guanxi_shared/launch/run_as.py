"""Postgres refuses to run as root, so root hands it to a lesser user."""

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from guanxi_shared.launch.child import die_with_parent
from guanxi_shared.launch.errors import LaunchError

LESSER_USERS = ("postgres", "nobody")


@dataclass(frozen=True)
class RunAs:
    """Whom Postgres runs as; `uid` and `gid` are None when that is ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def groups(self) -> list[int] | None:
        return None if self.uid is None else []

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Asked of the system itself: permissions of all parents and access lists count."""
        if self.uid is None:
            return os.access(folder, os.X_OK)
        command = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        return self.run(command).returncode == 0

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Output and errors together, in English and UTF-8, without our environment."""
        try:
            return subprocess.run(
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=self.groups,
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                preexec_fn=die_with_parent(signal.SIGTERM),
                check=False,
            )
        except PermissionError as error:
            raise cannot_become(self, error) from error


# PG* variables and the caller's locale would change what initdb makes.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_MESSAGES": "C"}


def cannot_become(run_as: RunAs, error: OSError) -> LaunchError:
    return LaunchError(
        f"Cannot run a program as user {run_as.name} ({error.strerror}): start the suite as an "
        "ordinary user, or set GUANXI_DATABASE_URL to a Postgres that runs elsewhere."
    )


def whom_for(cluster: Path) -> RunAs:
    """The owner of an existing cluster if we are root, else the first lesser user there is."""
    if os.geteuid() != 0:
        return RunAs(name=_name(os.geteuid()))
    if cluster.is_dir() and (owner := cluster.stat().st_uid) != 0:
        return _as_user(owner)
    for name in LESSER_USERS:
        try:
            return _as_user(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise LaunchError(
        "Postgres does not run as root, and there is neither a user postgres nor nobody to run it "
        "as: make one (useradd --system postgres) or start the suite as an ordinary user."
    )


def _as_user(uid: int) -> RunAs:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:  # initdb looks the user up by name
        raise LaunchError(
            f"The database folder belongs to user id {uid}, which this system does not know: "
            "make such a user, or give the folder to user postgres (chown -R postgres)."
        ) from None
    return RunAs(name=entry.pw_name, uid=uid, gid=entry.pw_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise LaunchError(
            f"Your user id {uid} has no name on this system, which Postgres needs: add a line to "
            "/etc/passwd, or set GUANXI_DATABASE_URL to a Postgres that runs elsewhere."
        ) from None
