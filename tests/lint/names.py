"""Proves that a name which is private to a file (in an anonymous namespace) stands in no other file of its folder.

Files of a folder are compiled together. A function of the same name and other parameters would then be one more
overload, and a call might silently mean the other one. Aliases may be repeated: another meaning does not compile.
"""
import collections
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALONE = ("tests/fuzz",)  # one program a file


def sources():
    listing = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "*.cpp"],
                             cwd=ROOT, capture_output=True, text=True)
    names = listing.stdout.splitlines() if listing.returncode == 0 else [
        str(path.relative_to(ROOT)) for top in ("server", "cmd", "tests") for path in (ROOT / top).rglob("*.cpp")]
    return [name for name in sorted(set(names)) if (ROOT / name).is_file() and os.path.dirname(name) not in ALONE]


def private_names(files):
    """(file, name) of every function, variable, type and macro that only its file sees."""
    result = subprocess.run(["ctags", "-x", "--_xformat=%F\t%N\t%K\t%s", "--kinds-C++=fvcsgdeu", "--languages=C++",
                             "--language-force=C++", *files], cwd=ROOT, capture_output=True, text=True, check=True)
    for line in result.stdout.splitlines():
        file, name, kind, scope = line.split("\t")
        if kind == "macro" or scope.split("::")[-1].startswith("__anon"):
            yield file, name


def main():
    files = sources()
    found = collections.defaultdict(set)
    for file, name in private_names(files):
        found[(os.path.dirname(file), name)].add(os.path.basename(file))
    if len(found) < 500:
        print("names.py: ctags found hardly any names")
        return 1
    twice = [f"{folder}: {name} is private to each of {', '.join(sorted(where))}; rename it or share it"
             for (folder, name), where in sorted(found.items()) if len(where) > 1]
    print("\n".join(twice) if twice else f"{len(found)} private names are each in one file of their folder")
    return 1 if twice else 0


if __name__ == "__main__":
    sys.exit(main())
