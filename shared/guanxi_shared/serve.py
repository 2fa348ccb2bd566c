"""`python -m guanxi_shared.serve guanxi_contacts`: one service process, configured by environment."""

import os
import sys
from types import FrameType

import setproctitle
import uvicorn
import uvicorn.supervisors

from guanxi_shared.feed.bell import stop_waiting
from guanxi_shared.garbage import collect_seldom_while_starting

GRACEFUL_SECONDS = 10


class Server(uvicorn.Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Long polls end now; ordinary requests have their graceful seconds."""
        stop_waiting()
        super().handle_exit(sig, frame)


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    package = arguments[0]
    collect_seldom_while_starting()
    prefix = package.removeprefix("guanxi_").upper()
    setproctitle.setproctitle(f"guanxi: {prefix.lower()}")
    config = uvicorn.Config(
        f"{package}.app:create",
        factory=True,
        host=os.environ.get(f"{prefix}_HOST", "127.0.0.1"),
        port=int(os.environ.get(f"{prefix}_PORT", "8000")),
        workers=int(os.environ.get(f"{prefix}_WORKERS", "1")),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=prefix == "GATEWAY",  # services stand behind it and ask nobody's address
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        timeout_keep_alive=75,
        backlog=256,
    )
    if config.workers > 1:
        uvicorn.supervisors.Multiprocess(config, [config.bind_socket()]).run()
    else:
        Server(config).run()


if __name__ == "__main__":
    main(sys.argv[1:])
