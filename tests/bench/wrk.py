"""`wrk` with a script written for the traffic: latencies and counts come back as one line of JSON."""

import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TypedDict

import orjson

from tests.bench.traffic import COUNTER, MARKS, Traffic

SCRIPT = r"""
local requests = {
%(requests)s
}
local versions = { %(versions)s }
local number, turn, asked = %(number)d, 0, false

function request()
  if not asked then  -- wrk looks at one request before it begins, and does not send it
    asked = true
    return "GET / HTTP/1.1\r\n\r\n"
  end
  turn = turn %% #requests + 1
  local parts = requests[turn]
  if type(parts) == "string" then return parts end
  local whole = {}
  for i, part in ipairs(parts) do
    if part == 1 then
      number = number + 1
      whole[i] = string.format("%%012d", number)
    elseif part == 2 then
      whole[i] = string.format("%%d", versions[turn])
      versions[turn] = versions[turn] + 1
    else
      whole[i] = part
    end
  end
  return table.concat(whole)
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\nRESULT {"requests":%%d,"micros":%%d,"p50":%%d,"p99":%%d,"errors":%%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end
"""
ESCAPES = {
    byte: f"\\{byte:03d}" for byte in range(256) if not 0x20 <= byte < 0x7F or byte in b'"\\'
}


class Found(TypedDict):
    requests: int
    seconds: float
    p50: float
    p99: float
    errors: int


def press(traffic: Traffic, *, number: int, seconds: float, connections: int) -> Found:
    """wrk counts whole seconds only, so it is stopped by hand; what it says on the way out counts."""
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as folder:
        script = Path(folder, "traffic.lua")
        script.write_bytes(script_for(traffic, number).encode("ascii"))
        command = ["wrk", "-t1", f"-c{connections}", "-d60s", "--timeout", "20s", "-s", str(script)]
        with subprocess.Popen([*command, traffic.url], stdout=subprocess.PIPE) as wrk:
            try:
                said, _ = wrk.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                wrk.send_signal(signal.SIGINT)
                said, _ = wrk.communicate(timeout=30)
    return found_in(said)


def found_in(said: bytes) -> Found:
    """The line that the script's `done` writes; ValueError when wrk never came to it."""
    _, mark, rest = said.partition(b"RESULT ")
    if not mark:
        raise ValueError(f"wrk ended without a result: {said[-300:].decode(errors='replace')}")
    line = orjson.loads(rest.splitlines()[0])
    return {
        "requests": line["requests"],
        "seconds": line["micros"] / 1e6,
        "p50": line["p50"] / 1e3,
        "p99": line["p99"] / 1e3,
        "errors": line["errors"],
    }


def script_for(traffic: Traffic, number: int) -> str:
    return SCRIPT % {
        "requests": ",\n".join(map(as_lua, traffic.requests)),
        "versions": ", ".join(map(str, traffic.versions)),
        "number": number,
    }


def as_lua(request: bytes) -> str:
    """A string, or a table of strings with 1 for each COUNTER and 2 for each VERSION mark."""
    parts = [
        ("1" if part == COUNTER else "2") if MARKS.fullmatch(part) else quoted(part)
        for part in MARKS.split(request)
        if part
    ]
    return parts[0] if len(parts) == 1 else f"{{{', '.join(parts)}}}"


def quoted(text: bytes) -> str:
    """A Lua string literal of these very bytes."""
    return f'"{text.decode("latin-1").translate(ESCAPES)}"'
