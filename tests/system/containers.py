"""Runs the containers of the Compose file as local processes.

Commands and environment are those of the file and the image; only places differ: host names
become loopback with a port of their own, folders of volumes lie below `folder`.
"""

import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from guanxi_shared.launch.child import die_with_parent
from guanxi_shared.launch.ports import free_port
from tests.launch.until import until
from tests.system.compose_file import Container, containers, load
from tests.system.images import Image

UNMOUNTED = "/var/lib/guanxi"
INSIDE = "127.0.0.1:8000"
HEALTHY_SECONDS = 120.0  # first imports on a busy machine


@dataclass
class Engine:
    folder: Path
    variables: Mapping[str, str]
    images: Mapping[Path, Image]
    postgres_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.containers = containers(load(self.variables))
        self.ports = {"postgres": self.postgres_port}
        for name in self.containers.keys() - {"postgres"}:
            self.ports[name] = free_port(avoid=frozenset(self.ports.values()))
        names = "|".join(map(re.escape, self.containers))
        self._host = re.compile(rf"(?:(?<=//)|(?<=@))({names}):\d+(?=[/,]|$)")

    def up(self, container: Container) -> None:
        """Starts it and waits for what those wait for that depend on it."""
        process = self._start(container, self.command(container))
        if container.spec["restart"] == "no":
            code = process.wait(timeout=HEALTHY_SECONDS)
            assert code == 0, f"{container.name} ended with {code}:\n{self.log(container.name)}"
            return
        self.running[container.name] = process
        if container.check is not None:
            self._wait_until_healthy(container)

    def stop(self, name: str) -> int:
        """As the engine does: the image's signal, then patience as the file says."""
        process, container = self.running.pop(name), self.containers[name]
        process.send_signal(signal.Signals[self.image(container).dockerfile.last("STOPSIGNAL")])
        return process.wait(timeout=float(container.spec["stop_grace_period"].removesuffix("s")))

    def kill_all(self) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def command(self, container: Container) -> list[str]:
        own = container.command or self.image(container).dockerfile.command
        return [self._placed(word, container) for word in own]

    def environment(self, container: Container) -> dict[str, str]:
        image = self.image(container)
        given = image.dockerfile.environment | container.environment
        placed = {name: self._placed(value, container) for name, value in given.items()}
        placed |= image.environment_of_base
        prefix = image.dockerfile.name.upper()
        port = str(self.ports[container.name])
        return placed | {f"{prefix}_HOST": "127.0.0.1", f"{prefix}_PORT": port}

    def image(self, container: Container) -> Image:
        assert container.dockerfile is not None
        return self.images[container.dockerfile]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def _wait_until_healthy(self, container: Container) -> None:
        def is_healthy() -> bool:
            code = self.running[container.name].poll()
            assert code is None, f"{container.name} ended with {code}:\n{self.log(container.name)}"
            return self.is_healthy(container)

        until(is_healthy, f"{container.name} is healthy", seconds=HEALTHY_SECONDS)

    def is_healthy(self, container: Container) -> bool:
        """What its own health check says."""
        own = INSIDE, f"127.0.0.1:{self.ports[container.name]}"
        check = [word.replace(*own) for word in container.check or ()]
        env = self.environment(container)
        app = self.image(container).app
        return subprocess.run(check, env=env, cwd=app, capture_output=True).returncode == 0

    def _start(self, container: Container, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{container.name}.log").open("wb") as log:
            return subprocess.Popen(
                command,
                env=self.environment(container),
                cwd=self.image(container).app,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def _placed(self, text: str, container: Container) -> str:
        text = self._host.sub(lambda match: f"127.0.0.1:{self.ports[match[1]]}", text)
        mounts = self._mounts(container)
        place = re.compile(rf"(?<![\w/])({'|'.join(mounts)})(?=/|$)")
        return place.sub(lambda match: str(mounts[match[1]]), text)  # at once: they overlap

    def _mounts(self, container: Container) -> dict[str, Path]:
        """Where the folders that a container may write to are; without a volume: nowhere."""
        volumes = self.folder / "volumes"
        found = {place: volumes / (container.name + place) for place in container.spec["tmpfs"]}
        for volume in container.spec.get("volumes", ()):
            name, place = volume.split(":")
            found[place] = volumes / name
        for folder in found.values():
            folder.mkdir(parents=True, exist_ok=True)
        return {UNMOUNTED: self.folder / "unmounted"} | found
