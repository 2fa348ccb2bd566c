"""A Postgres of our own: made, started, watched and stopped by the process that needs it."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from guanxi_shared.launch.binaries import Binaries, find_binaries, readable_by
from guanxi_shared.launch.child import die_with_parent
from guanxi_shared.launch.cluster import SUPERUSER, ensure_cluster
from guanxi_shared.launch.errors import NO_SPACE, LaunchError, disk_full, not_writable
from guanxi_shared.launch.leftovers import clear_leftovers
from guanxi_shared.launch.locks import FolderLock
from guanxi_shared.launch.place import Place, choose_place, make_data_dir, remove_cluster
from guanxi_shared.launch.ports import demand_port, free_port
from guanxi_shared.launch.run_as import ENVIRONMENT, cannot_become
from guanxi_shared.launch.secret_file import SecretFile

HOST = "127.0.0.1"
# Recovery of a large database after a crash takes its time; it ends earlier when Postgres does.
START_TIMEOUT = 600.0
STOP_STEPS = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0))
LOG_KEPT = 10_000_000
STATUS_LINE = 7  # of postmaster.pid, counted from 0

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "400",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",  # a disk without heads
    "jit": "off",  # costs more than short statements take
    "autovacuum_naptime": "30s",  # a table that was just filled is joined by guesses until it was looked at
    "idle_in_transaction_session_timeout": "30s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# For tests: a crash may lose everything.
FAST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


def memory_of_machine() -> int:
    """In bytes; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0


def buffers_for(memory: int) -> str:
    """Postgres' own cache: a sixteenth of the machine's bytes, from 256 MB to 2 GB. What it lacks it
    copies from the system's cache, page by page, at each look."""
    return f"{min(max(memory // 16, 256 << 20), 2 << 30) >> 20}MB"


class EmbeddedPostgres:
    """One cluster below a data folder, which it holds locked from start to stop.

    Runs as root too (dropping to user postgres or nobody), listens on loopback only, asks for a
    password (kept in <data dir>/secrets.json). `port=0` takes a free one and keeps it over
    restarts. `start` after a crash recovers. Every failure is a LaunchError.
    """

    def __init__(self, data_dir: Path, *, port: int = 0, fast: bool = False) -> None:
        self.data_dir = data_dir.absolute()
        self.fast = fast
        self.port = port
        self.log = self.data_dir / "logs" / "postgres.log"
        self._port_is_ours = port == 0
        self._lock = FolderLock(self.data_dir / "postgres.lock", what=f"The database in {data_dir}")
        self._process: subprocess.Popen[bytes] | None = None
        self._password = ""
        self._log_from = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def admin_url(self) -> str:
        """The superuser's way in, to database postgres."""
        return self.url(SUPERUSER, self._password, database="postgres")

    def url(self, user: str, password: str, *, database: str) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@{HOST}:{self.port}/{database}"

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns when connections are accepted; does nothing when already running."""
        if self.is_running():
            return
        make_data_dir(self.data_dir)
        self._lock.acquire()
        try:
            place, binaries = self.prepare()
            self._start_on_a_free_port(place, binaries)
        except BaseException:
            self.stop()
            raise

    def prepare(self) -> tuple[Place, Binaries]:
        """All that comes before the start: programs, cluster, password, leftovers of a crash."""
        place = choose_place(self.data_dir, throwaway=self.fast)
        binaries = readable_by(place.run_as, find_binaries(), throwaway=self.fast)
        clear_leftovers(place)
        had_password = "postgres" in SecretFile(self.data_dir).read()
        self._password = SecretFile(self.data_dir).get_or_make("postgres")["postgres"]
        made = ensure_cluster(place, binaries, password=self._password, fast=self.fast)
        if not made and not had_password:
            self._reset_password(place, binaries)
        return place, binaries

    def stop(self) -> None:
        """Clean (fast) shutdown; harsher if that takes longer than half a minute."""
        if self._process is not None:
            self._end(self._process)
            self._process = None
        self._lock.release()

    def destroy(self) -> None:
        """Stops and deletes the database for good, wherever it lies."""
        self.stop()
        remove_cluster(self.data_dir)

    def _start_on_a_free_port(self, place: Place, binaries: Binaries) -> None:
        if not self._port_is_ours:
            demand_port(HOST, self.port, setting="the port of Postgres")
        elif not self.port:
            self.port = free_port()
        self.spawn(place, binaries)
        self.await_ready(place)

    def spawn(self, place: Place, binaries: Binaries) -> None:
        """Call it on the main thread, else Postgres does not end with us (see child.py)."""
        try:
            self._process = self._popen(place, binaries)
        except PermissionError as error:
            raise cannot_become(place.run_as, error) from error

    def _popen(self, place: Place, binaries: Binaries) -> subprocess.Popen[bytes]:
        own = FAST_SETTINGS if self.fast else {"shared_buffers": buffers_for(memory_of_machine())}
        settings = SETTINGS | own | {"port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._open_log() as log:
            return subprocess.Popen(
                [binaries.program("postgres"), "-D", str(place.cluster), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
                preexec_fn=die_with_parent(signal.SIGINT),
                user=place.run_as.uid,
                group=place.run_as.gid,
                extra_groups=place.run_as.groups,
            )

    def _open_log(self) -> BinaryIO:
        try:
            self.log.parent.mkdir(exist_ok=True)
            if self.log.exists() and self.log.stat().st_size > LOG_KEPT:
                self.log.replace(self.log.with_suffix(".log.1"))
            log = self.log.open("ab")
            self.log.chmod(0o600)
        except OSError as error:
            raise not_writable(self.log.parent, error) from error
        self._log_from = log.tell()
        return log

    def await_ready(self, place: Place) -> None:
        """May run on any thread."""
        deadline = time.monotonic() + START_TIMEOUT
        while not self._says_ready(place.cluster):
            if not self.is_running():
                raise self._why_it_ended(place)
            if time.monotonic() > deadline:
                raise LaunchError(
                    f"Postgres was not ready after {START_TIMEOUT:.0f} s: read {self.log}."
                )
            time.sleep(0.02)

    def _says_ready(self, cluster: Path) -> bool:
        try:
            lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) > STATUS_LINE
            and lines[0] == str(self.pid)
            and lines[STATUS_LINE].strip() == "ready"
        )

    def _why_it_ended(self, place: Place) -> LaunchError:
        told = self.last_words()
        if "Address already in use" in told:
            return LaunchError(
                f"Port {self.port} on {HOST} was taken by another program while Postgres was "
                "down: start again."
            )
        if NO_SPACE in told:
            return disk_full(place.cluster)
        lines = [line for line in told.splitlines() if "FATAL" in line or "PANIC" in line]
        said = lines[-1].split("  ", 1)[-1] if lines else "nothing"
        return LaunchError(f"Postgres ended at its start and said: {said} (see {self.log}).")

    def last_words(self) -> str:
        """What Postgres logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_from, log.seek(0, os.SEEK_END) - 20_000))
            return log.read().decode("utf-8", errors="replace")

    def _reset_password(self, place: Place, binaries: Binaries) -> None:
        """The secrets were lost, the data was not: single-user mode asks for no password."""
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{self._password}'\n"
        subprocess.run(
            [binaries.program("postgres"), "--single", "-D", str(place.cluster), "postgres"],
            input=statement.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=ENVIRONMENT,
            user=place.run_as.uid,
            group=place.run_as.gid,
            extra_groups=place.run_as.groups,
            check=True,
        )

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        for step, seconds in STOP_STEPS:
            if process.poll() is None:
                process.send_signal(step)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue
            return
