"""Checks that tests clean up by tests/support/cleanup.mjs alone, and take ports by tests/support/ports.mjs.

node runs its own after-hooks in the order in which they were made, without a deadline, and none after one that failed:
a folder goes before the server that writes in it, and the server stays. A port that was free a moment ago may be another
program's by now.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOOKS = re.compile(r"\w\.after(?:Each)?\(|^import \{[^}]*\bafter(?:Each)?\b[^}]*\} from 'node:test'|\bafterEach\(", re.M)
OWN_PORTS = re.compile(r"function freePort\b|\bfreePort = ")
ALLOWED = {"tests/support/cleanup.mjs": HOOKS, "tests/support/ports.mjs": OWN_PORTS}


def tests():
    listing = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "tests/*.mjs"], cwd=ROOT,
                             capture_output=True, text=True)
    names = listing.stdout.split() if listing.returncode == 0 else [
        str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*.mjs") if "node_modules" not in path.parts]
    return [name for name in sorted(names) if (ROOT / name).is_file()]


def check(name, text):
    for rule, advice in ((HOOKS, "use cleanUp() of tests/support/cleanup.mjs"),
                         (OWN_PORTS, "use freePort() of tests/support/ports.mjs")):
        if ALLOWED.get(name) is rule:
            continue
        for found in rule.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {advice}, not {found.group().strip()}"


def main():
    names = tests()
    if len(names) < 50:
        sys.exit("cleanup.py: hardly any tests were found")
    problems = [problem for name in names for problem in check(name, (ROOT / name).read_text())]
    print("\n".join(problems) if problems else f"{len(names)} files of tests clean up in one way")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
