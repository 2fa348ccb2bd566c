"""`python -m tests.bench`: how fast the suite is on this machine, as shares of limits measured beside.

    make bench                  a quarter to half of an hour, 200,000 contacts, as many accounts and deals
    make bench ARGS="--quick"   about two minutes, 20,000 of each

Asserts nothing: prints a table, and writes bench/results.json and bench/results.md.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.run import run
from tests.bench.sizes import QUICK, WHOLE

RESULTS = Path("bench")


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, shorter runs")
    parser.add_argument("--only", default="", metavar="WORD", help="only rows whose name has it")
    options = parser.parse_args(arguments)
    report = run(QUICK if options.quick else WHOLE, only=options.only)
    report.write(RESULTS)
    print(f"\n{report.markdown()}\nwritten: {RESULTS / 'results.md'}, {RESULTS / 'results.json'}")


if __name__ == "__main__":
    main(sys.argv[1:])
