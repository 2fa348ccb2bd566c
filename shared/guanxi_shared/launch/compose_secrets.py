"""`make secrets`: gives every secret that docker-compose.yml demands a random value in .env.

Values that are there stay. Only the standard library, so that a machine that has nothing but
Docker and Python can run it: `PYTHONPATH=shared python3 -m guanxi_shared.launch.compose_secrets`.
"""

import os
import re
import secrets
import sys
from pathlib import Path

COMPOSE = Path("docker-compose.yml")
ENV = Path(".env")
DEMANDED = re.compile(r"\$\{(\w+):\?")
ASSIGNED = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=\s*\S", re.MULTILINE)


def missing_secrets(compose: str, env: str) -> list[str]:
    """Names that `compose` demands and `env` does not set, in order of appearance."""
    known = set(ASSIGNED.findall(env))
    return [name for name in dict.fromkeys(DEMANDED.findall(compose)) if name not in known]


def add_secrets(compose: Path, env: Path) -> list[str]:
    """Appends what is missing, in a file that only its owner may read."""
    before = env.read_text(encoding="utf-8") if env.exists() else ""
    missing = missing_secrets(compose.read_text(encoding="utf-8"), before)
    if missing:
        descriptor = os.open(env, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.chmod(env, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n" if before and not before.endswith("\n") else "")
            file.writelines(f"{name}={secrets.token_urlsafe(36)}\n" for name in missing)
    return missing


def main() -> None:
    if not COMPOSE.exists():
        sys.exit(f"There is no {COMPOSE} here: run this in the folder that holds it.")
    added = add_secrets(COMPOSE, ENV)
    print(f"{ENV}: {'added ' + ', '.join(added) if added else 'nothing was missing'}")


if __name__ == "__main__":
    main()
