"""Proves that no file needs itself by way of others: includes of C++, imports of the page and of the tests' modules.

An import of types counts, too: who reads one of the files has to know all of them.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
INCLUDES = re.compile(r'^#include "([^"]+)"', re.M)
IMPORTS = re.compile(r"^(?:import|export)\b(?:[^;']*? from)? '(\.[^']+)'", re.M)
KINDS = {".h": INCLUDES, ".cpp": INCLUDES, ".ts": IMPORTS, ".tsx": IMPORTS, ".mjs": IMPORTS}
TOPS = ("server", "cmd", "web", "tests")
NOT_OURS = {"node_modules", "dist", "out"}


def needs(path, text, known):
    """Those of the files `known` that `path`, which reads `text`, names."""
    found = set()
    for name in KINDS[path.suffix].findall(text):
        if path.suffix in (".h", ".cpp"):
            candidates = [pathlib.PurePosixPath(name)]
        else:
            parts = []
            for part in (*path.parent.parts, *pathlib.PurePosixPath(name).parts):
                parts = parts[:-1] if part == ".." else parts + [part] * (part != ".")
            there = pathlib.PurePosixPath(*parts)
            candidates = [there, there.with_suffix(".ts"), there.with_suffix(".tsx")]
        found.update(candidate for candidate in candidates if candidate in known)
    return found


def circle_in(graph):
    """The files of one circle in their order, or nothing."""
    done = set()
    for start in sorted(graph):
        way, rest = [start], [iter(sorted(graph[start]))]
        while way:
            following = next(rest[-1], None)
            if following is None:
                done.add(way.pop())
                rest.pop()
            elif following in way:
                return way[way.index(following):]
            elif following not in done:
                way.append(following)
                rest.append(iter(sorted(graph[following])))
    return []


def graph_of(texts):
    return {path: needs(path, text, texts) for path, text in texts.items()}


def self_test():
    path = pathlib.PurePosixPath
    rows = [
        ({"web/a.ts": "import { b } from './ui/b.js';", "web/ui/b.tsx": "import type { A } from '../a.js';"}, 2),
        ({"server/a/a.h": '#include "server/a/b.h"\n', "server/a/b.h": '#include "server/a/a.h"\n'}, 2),
        ({"web/a.ts": "import './b.js';", "web/b.ts": "export * from './a.js';"}, 2),
        ({"web/a.ts": "import {\n  b,\n} from './b.js';", "web/b.ts": "import { c } from './c.js';", "web/c.ts": ""}, 0),
    ]
    return [f"circles.py: finds no circle of {length} in {list(texts)}" for texts, length in rows
            if len(circle_in(graph_of({path(name): text for name, text in texts.items()}))) != length]


def main():
    files = [file for top in TOPS for file in (ROOT / top).rglob("*")
             if file.suffix in KINDS and not NOT_OURS & set(file.relative_to(ROOT).parts)]
    texts = {pathlib.PurePosixPath(file.relative_to(ROOT).as_posix()): file.read_text() for file in files}
    problems = self_test()
    if sum(map(len, graph_of(texts).values())) < 1000:
        problems.append("circles.py: found hardly any includes and imports")
    circle = circle_in(graph_of(texts))
    if circle:
        problems.append("these files need each other: " + " -> ".join(map(str, [*circle, circle[0]])))
    print("\n".join(problems) if problems else f"no circle in {len(texts)} files")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
