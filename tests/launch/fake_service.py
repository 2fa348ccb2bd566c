"""A service of a few lines for the supervisor to keep alive.

fake_service.py PORT [stubborn] [late SECONDS]: ready at once, or late; stubborn ignores SIGTERM.
"""

import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

BORN = time.monotonic()
LATE = float(sys.argv[sys.argv.index("late") + 1]) if "late" in sys.argv else 0.0


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if time.monotonic() - BORN >= LATE else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


def leave(*_: object) -> None:
    print("leaving", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in sys.argv else leave)
print("hello", flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
