"""Run as a process of its own: starts a Postgres, says where it is, waits to be killed.

holder.py DATA_DIR [thread]: with `thread` it is started on a thread, where nothing tells Postgres
that its parent has died (as on systems without PR_SET_PDEATHSIG).
"""

import json
import sys
import threading
from pathlib import Path

from guanxi_shared.launch.errors import LaunchError
from guanxi_shared.launch.postgres import EmbeddedPostgres


def main() -> None:
    postgres = EmbeddedPostgres(Path(sys.argv[1]))
    try:
        if "thread" in sys.argv:
            starting = threading.Thread(target=postgres.start)
            starting.start()
            starting.join()
        else:
            postgres.start()
    except LaunchError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    print(json.dumps({"pid": postgres.pid, "url": postgres.admin_url}), flush=True)
    sys.stdin.readline()
    postgres.stop()


main()
