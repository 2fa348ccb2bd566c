"""Ports that nobody listens on."""

import errno
import random
import socket

from guanxi_shared.launch.errors import LaunchError

# Below what Linux and macOS hand out to outgoing connections: such a port could be taken away
# between a crash of its process and the restart.
RANGE = range(20_000, 32_000)


def free_port(*, avoid: frozenset[int] = frozenset()) -> int:
    """A free port of the loopback interface."""
    for port in random.sample(RANGE, k=500):
        if port not in avoid and refusal("127.0.0.1", port) is None:
            return port
    raise LaunchError("No free port between 20000 and 32000 on 127.0.0.1: stop some programs.")


def refusal(host: str, port: int) -> OSError | None:
    """Why one cannot listen there; None if one can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        return error
    return None


def demand_port(host: str, port: int, *, setting: str) -> None:
    """Raises LaunchError naming the port and the setting that changes it."""
    reason = refusal(host, port)
    if reason is None:
        return
    if reason.errno == errno.EADDRINUSE:
        raise LaunchError(
            f"Port {port} on {host} is taken by another program: stop that, or choose another "
            f"port with {setting}, for example {setting}={port + 1}."
        )
    raise LaunchError(
        f"Cannot listen on {host}:{port} ({reason.strerror}): choose another with {setting}."
    )
