"""Checks of whole files: header comments, marks of unfinished work, ends of files, sizes of functions."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINES_MAX = 80
LINES_USUAL = 40
USUAL_SHARE = 0.95
TEXT = {".h", ".cpp", ".cmake", ".ts", ".tsx", ".mjs", ".js", ".css", ".html", ".md", ".json", ".yaml", ".yml", ".py",
        ".sh", ".txt", ".service", ".conf", ".S"}
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
FUZZ_SEEDS = "tests/data/"


def committed():
    """Files that git knows or would add; without git, everything that is not built."""
    listing = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                             capture_output=True, text=True)
    names = listing.stdout.splitlines() if listing.returncode == 0 else [
        str(path.relative_to(ROOT)) for top in ("server", "cmd", "tests") for path in (ROOT / top).rglob("*")]
    return [name for name in sorted(set(names)) if (ROOT / name).is_file()]


def check_text(name, text):
    problems = []
    if text and not text.endswith("\n"):
        problems.append(f"{name}: no newline at the end")
    if text.endswith("\n\n"):
        problems.append(f"{name}: empty lines at the end")
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            problems.append(f"{name}:{number}: a mark of unfinished work")
        if line != line.rstrip() and not name.endswith(".md"):
            problems.append(f"{name}:{number}: blanks at the end of the line")
    if name.endswith(".h") and not text.startswith("// "):
        problems.append(f"{name}:1: a header opens with a comment: purpose, thread, ownership, units, errors")
    if name.endswith(".h") and "#pragma once" not in text:
        problems.append(f"{name}:1: no #pragma once")
    return problems


def functions(names):
    """(lines, file, line, name) of every C++ function."""
    result = subprocess.run(["ctags", "-x", "--_xformat=%{end}\t%n\t%F\t%N", "--fields=+ne", "--languages=C++",
                             "--kinds-C++=f", "--language-force=C++", *names],
                            cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for line in result.stdout.splitlines():
        end, begin, name, function = line.split("\t")
        if end:
            found.append((int(end) - int(begin) + 1, name, int(begin), function))
    return found


def check_sizes(names):
    found = functions(names)
    if len(found) < 50:
        return ["files.py: ctags found hardly any functions"]
    problems = [f"{name}:{line}: {function} has {lines} lines, more than {LINES_MAX}"
                for lines, name, line, function in found if lines > LINES_MAX]
    usual = sum(lines <= LINES_USUAL for lines, *_ in found) / len(found)
    if usual < USUAL_SHARE:
        problems.append(f"only {usual:.0%} of the functions have at most {LINES_USUAL} lines")
    return problems


def main():
    names = committed()
    problems = []
    for name in names:
        if pathlib.Path(name).suffix in TEXT and not name.startswith(FUZZ_SEEDS):
            problems += check_text(name, (ROOT / name).read_text())
    problems += check_sizes([name for name in names if name.endswith((".h", ".cpp")) and
                             name.startswith(("server/", "cmd/"))])
    print("\n".join(problems) if problems else f"{len(names)} files are in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
