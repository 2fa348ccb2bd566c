"""What a Dockerfile builds, without an engine: its packages and its files, and nothing else."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.system.compose_file import ROOT
from tests.system.dockerfiles import Dockerfile

RUNTIME = ROOT / "requirements" / "runtime.txt"
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.py[cod]")  # as .dockerignore says


@dataclass(frozen=True)
class Image:
    dockerfile: Dockerfile
    packages: Path
    """Stands for /venv."""
    app: Path
    """Stands for /app, the working directory."""

    @property
    def environment_of_base(self) -> dict[str, str]:
        """What the base image and its virtual environment set; nothing of this shell."""
        path = self.dockerfile.environment["PATH"].replace("/venv", str(self.packages))
        return {"LANG": "C.UTF-8", "PATH": path.replace("$PATH", os.defpath)}

    def files(self) -> set[str]:
        return {str(path.relative_to(self.app)) for path in self.app.rglob("*")}


def build(dockerfile: Dockerfile, folder: Path, *, layers: Path) -> Image:
    """`layers` keeps installed packages for the next time, by the pins that they came from."""
    pins, app = None, folder / dockerfile.name
    app.mkdir(parents=True)
    for source, target in dockerfile.copies:
        if target == "requirements.txt":
            pins = ROOT / source
        else:
            shutil.copytree(ROOT / source, app / target, ignore=NOT_COPIED)
    assert pins is not None, f"{dockerfile.path} installs nothing"
    image = Image(dockerfile, install(pins, layers), app)
    run = [str(image.packages / "bin" / "python"), "-m", "compileall", "-q", "."]
    subprocess.run(run, cwd=app, check=True)
    return image


def install(pins: Path, layers: Path) -> Path:
    """A clean virtual environment with these packages alone, as the Dockerfile makes it."""

    def into(folder: Path) -> None:
        wheels = download(layers)
        venv.create(folder, with_pip=False, symlinks=True)
        python = str(folder / "bin" / "python")
        pip(
            "--python",
            python,
            "install",
            "--no-compile",
            "--no-index",
            "--find-links",
            wheels,
            "-r",
            pins,
        )

    return kept(layers, pins, into)


def download(layers: Path) -> Path:
    """The wheels of all images, asked for once: their pins are among those of the whole suite."""

    def into(folder: Path) -> None:
        pip("download", "--no-deps", "--dest", folder, "-r", RUNTIME)

    return kept(layers, RUNTIME, into)


def kept(layers: Path, pins: Path, make: Callable[[Path], None]) -> Path:
    """The folder that `make` fills, or what it was filled with before from the same pins."""
    key = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    made = layers / f"{pins.stem}-{key}"
    with (layers / f"{pins.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another run of the tests may be at it
        if not made.exists():
            for outdated in layers.glob(f"{pins.stem}-*"):
                shutil.rmtree(outdated)
            part = made.with_suffix(".part")
            make(part)
            part.rename(made)
    return made


def pip(*words: str | Path) -> None:
    options = ["--require-hashes", "--only-binary=:all:", "--quiet", "--quiet"]
    command = [sys.executable, "-m", "pip", *map(str, words), *options]
    subprocess.run(command, check=True)
