"""What the source says it does: which functions commit, which verbs are called at the gateway."""

import ast
import inspect
import re
from pathlib import Path

import brimful
from brimful.gateways.port import Gateway

ROOT = Path(brimful.__file__).parent
_RUNS = re.compile(r"\.db\.(run|repeat)\(|\bwith_covers\(ctx")
_WRITES = re.compile(r"\b(insert into|update|delete from)\b")


def committing() -> set[str]:
    """The functions that commit something on behalf of an engine, as its faulty database names them:
    those that run a transaction or, given a database, a single statement that writes."""
    return {
        function.name if function.name == path.stem else f"{path.stem}.{function.name}"
        for path in _modules()
        for function in ast.parse(path.read_text()).body
        if isinstance(function, ast.AsyncFunctionDef) and _commits(path, function)
    }


def verbs() -> set[str]:
    """The calls that the port to a gateway has."""
    return {name for name, _ in inspect.getmembers(Gateway, inspect.iscoroutinefunction)}


def _modules() -> set[Path]:
    """The modules of use cases and records that the wiring and the effects use."""
    found = set()
    for path in (ROOT / "wiring.py", *(ROOT / "effects").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                folder = ROOT.joinpath(*node.module.split(".")[1:])
                found |= {folder.with_suffix(".py")}
                found |= {folder / f"{alias.name}.py" for alias in node.names}
    return {
        path
        for path in found
        if path.is_file() and path.parent.name != "domain" and path.stem != "context"
    }


def _commits(path: Path, function: ast.AsyncFunctionDef) -> bool:
    text = ast.unparse(function)
    if _RUNS.search(text):
        return True
    if "db" not in [arg.arg for arg in function.args.args]:
        return False
    statements = re.findall(r"_sql\('(\w+)'\)", text)
    return any(_writes(path.parent / "sql" / f"{name}.sql") for name in statements)


def _writes(statement: Path) -> bool:
    text = re.sub(r"--[^\n]*|for update", "", statement.read_text())
    return _WRITES.search(text) is not None
