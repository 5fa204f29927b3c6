"""``make bench``, or ``python -m bench PART``: what is too big to be a test. Without a part, all of them.

``races`` and ``churn`` must end as they must, or the exit code is 1. Everything else is figures, in ratios to
something measured in the same minute; ``README.md`` beside this file keeps them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from bench import churn, demo, engine, grid, pages, races, search, throughput

PARTS = ("races", "churn", "kills", "throughput", "pages", "engine", "grid", "search")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=["all", *PARTS])
    parser.add_argument("--short", action="store_true", help="few repeats and short measurements")
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="repeats of each race, rounds of each measurement"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="how long the churn lasts")
    parser.add_argument(
        "--tenants", type=int, metavar="N", help="so many clinics in the grid, instead of 1 and 100"
    )
    parser.add_argument(
        "--only", default="", metavar="WORDS", help="races or kinds with these words in their name"
    )
    given = parser.parse_args(arguments)
    well = True
    if given.what in ("all", "engine"):
        engine.main()
    if given.what == "engine":
        return 0
    with demo.running() as ours:
        if given.what in ("all", "races"):
            well = races.run(ours, repeat=given.repeat, short=given.short, only=given.only)
        if given.what == "kills":  # three of the races
            well = races.run(ours, repeat=given.repeat, short=given.short, only="kill -9")
        if given.what in ("all", "churn"):
            well = churn.run(ours, minutes=0.5 if given.short else given.minutes) and well
        if given.what in ("all", "throughput"):
            throughput.run(ours, repeat=given.repeat, short=given.short, only=given.only)
        if given.what in ("all", "pages"):
            pages.run(ours, repeat=given.repeat, short=given.short)
        if given.what in ("all", "grid"):
            grid.run(ours, tenants=given.tenants, repeat=given.repeat, short=given.short)
        if given.what in ("all", "search"):
            ours.command("seed", "--patients", "2000" if given.short else "20000")
            ours.do("VACUUM ANALYZE")
            search.main(ours.summary["database"]["app"])
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
