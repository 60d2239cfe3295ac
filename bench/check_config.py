"""The check of all data files as they are shipped, in processor time: a fresh process each, five times."""

import subprocess
import sys

ONCE = """
import time
from dondoc import preconditions
from dondoc.configuration.check import check_config
from dondoc.configuration.settings import load

def timed():
    begun = time.process_time()
    assert check_config(settings) == []
    return time.process_time() - begun

settings = load()
if LOADED:
    preconditions.registry(preconditions.AppContext(settings))
print(f"{timed():.2f} {timed():.3f}")
"""


def main() -> None:
    for loaded in (True, False):
        code = ONCE.replace("LOADED", str(loaded))
        runs = [subprocess.check_output([sys.executable, "-c", code], text=True).split() for _ in range(5)]
        first, again = zip(*runs, strict=True)
        print(f"rooms loaded before: {loaded}")
        print(f"first: {min(first)} to {max(first)} s; again: {min(again)} to {max(again)} s")


if __name__ == "__main__":
    main()
