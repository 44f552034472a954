"""``./dev check [NAMES]``: run every check (or the named ones), print what is wrong and how long each took."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from tests.architecture import budget, generated, hygiene, links, packaging, tools

CHECKS: Mapping[str, Callable[[], list[str]]] = {
    "types": tools.types,
    "lint": tools.lint,
    "format": tools.format,
    "imports": tools.imports,
    "budget": budget.violations,
    "packaging": packaging.violations,
    "generated": generated.violations,
    "links": links.violations,
    "hygiene": hygiene.violations,
}


def timed(name: str) -> tuple[str, list[str], float]:
    start = time.monotonic()
    return name, CHECKS[name](), time.monotonic() - start


def main(names: list[str]) -> int:
    """0 when every check is content, 1 when one is not, 2 for a name that is no check."""
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"no such check: {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        return 2
    failed, out = False, sys.stdout  # a check that runs beside may have put another in its place
    with ThreadPoolExecutor(2) as pool:
        for name, found, seconds in pool.map(timed, names or CHECKS):
            print(f"{'FAILED' if found else 'ok':6} {name} ({seconds:.1f} s)", file=out, flush=True)
            print("".join(f"       {line}\n" for line in found), end="", file=out, flush=True)
            failed = failed or bool(found)
    print("\n".join(budget.report()))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
