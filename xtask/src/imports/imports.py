"""Prints the imports of a package: file, line and imported module. Sources come as JSON on standard input.

Imports within functions count: they are loaded late, but the files still need each other. Those for type checkers do
not: annotations may go round in circles without harm, and nothing is loaded.
"""

import ast
import json
import sys
from collections.abc import Iterator


def imports(node: ast.AST) -> Iterator[tuple[int, str, list[str]]]:
    """Yield each import below `node`: its line, the module and the names."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and getattr(child.test, "id", getattr(child.test, "attr", "")) == "TYPE_CHECKING":
            for other in child.orelse:
                yield from imports(ast.Module([other], []))
        elif isinstance(child, ast.Import):
            for name in child.names:
                yield child.lineno, name.name, []
        elif isinstance(child, ast.ImportFrom):
            yield child.lineno, "." * child.level + (child.module or ""), [name.name for name in child.names]
        else:
            yield from imports(child)


for file, source in json.load(sys.stdin).items():
    for line, module, names in imports(ast.parse(source)):
        for name in names or [""]:
            print(file, line, module, name, sep="\t")
