"""The style of the house, held by a test: sizes, purity of the domain, dead SQL, words, READMEs."""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
LINES_MAX = 400
FUNCTION_LINES_MAX = 70
# What the field calls auto-billing, a lot, an account; here each thing has one name (GLOSSARY.md).
# What is made in a checkout and is none of the project's files.
MADE = re.compile(
    r"\.git|\.venv|venv|__pycache__|\.\w+_cache|\.hypothesis|\.brimful.*|mutants|dist|build"
)
BANNED = re.compile(r"\b(top_?up|recharge|refill|reload|wallet|auto_?pay|subaccount_id)\b", re.I)
SQL_BEGINS = r"\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\s+(?P<name>\w+)"
# Up to the second $$, as the first opens its body, or to the end of a body that is parsed.
SQL_FUNCTION = re.compile(
    SQL_BEGINS + r"[^;]*?(?:\$\$.*?\$\$|\bbegin atomic\b.*?^end\b|;)", re.I | re.S | re.M
)
DOMAIN_MAY_IMPORT = {
    "bisect", "calendar", "collections", "dataclasses", "datetime", "enum", "fractions", "functools",
    "heapq", "itertools", "math", "numpy", "typing", "uuid", "zoneinfo", "brimful", "types",
}  # fmt: skip


def walked(root: Path) -> list[str]:
    """The files below a folder but those that are made there, for where git cannot list them."""
    found: list[str] = []
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not MADE.fullmatch(name))
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in sorted(names)]
    return found


def listed(root: Path) -> list[str]:
    """The files of a project, tracked or about to be. Where git is not installed, in an archive or in
    somebody else's checkout it lists none: then they are looked for."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return walked(root)
    # None at all: an archive below a checkout that ignores it.
    return done.stdout.splitlines() or walked(root)


FILES = listed(ROOT)


def tracked(*endings: str) -> list[Path]:
    """The files of the project that end so."""
    return [ROOT / name for name in FILES if name.endswith(endings) and (ROOT / name).is_file()]


PYTHON = tracked(".py")
MODULES = [path for path in PYTHON if SOURCE in path.parents]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_without_git_the_same_files_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not installed, or in no checkout; what was made beside them is left out."""
    for name in (
        "src/a.py",
        ".ci/run",
        ".venv/b.py",
        "src/__pycache__/c.py",
        ".brimful/demo/d.sql",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert sorted(listed(tmp_path)) == [".ci/run", "src/a.py"]
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sorted(listed(tmp_path)) == [".ci/run", "src/a.py"]


def test_files_are_short() -> None:
    """One idea a file."""
    files = [*PYTHON, *tracked(".sql")]
    sizes = {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in files}
    assert {name: size for name, size in sizes.items() if size > LINES_MAX} == {}


def test_functions_are_short() -> None:
    """A function that grows wants a new idea."""
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in PYTHON
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_sql_functions_are_short() -> None:
    """Those of the database as those of Python, from the line that begins one to its closing $$."""
    begun, sizes = 0, []
    for path in tracked(".sql"):
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8"))
        begun += len(re.findall(SQL_BEGINS, text, re.I))
        sizes += [
            (match.group().count("\n") + 1, f"{path.relative_to(ROOT)}: {match['name']}")
            for match in SQL_FUNCTION.finditer(text)
        ]
    assert [(size, name) for size, name in sizes if size > FUNCTION_LINES_MAX] == []
    # None was passed over.
    assert len(sizes) == begun > 0


def test_the_domain_is_pure() -> None:
    """Standard library only, no clock, no randomness, nothing asynchronous."""
    wrong = []
    for path in sorted((SOURCE / "brimful" / "domain").rglob("*.py")):
        name_of = path.relative_to(SOURCE)
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.AsyncFunctionDef):
                wrong.append(f"{name_of}:{node.lineno} async")
            wrong += [
                f"{name_of} imports {name}"
                for name in names
                if name.split(".")[0] not in DOMAIN_MAY_IMPORT
            ]
        if re.search(r"datetime\.now|utcnow|\.today\(\)|uuid4", text):
            wrong.append(f"{name_of} reads a clock or makes an id")
    assert wrong == []


def test_no_sql_file_is_dead() -> None:
    """Every statement is used, by its name, from its own package; every name has its file."""
    used: set[tuple[str, str]] = set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        packages = set(re.findall(r'partial\(load, "([\w.]+)"\)', text))
        names = set(re.findall(r'"([a-z_]+)"', text))
        used |= {(package, name) for package in packages for name in names}
    files = {
        (".".join(path.parent.parent.relative_to(SOURCE).parts), path.stem)
        for path in tracked(".sql")
        if path.parent.name == "sql"
    }
    assert files - used == set()


def test_sql_files_hold_one_statement() -> None:
    """One statement, one file; migrations are scripts and audit's checks are queries."""
    wrong = []
    for path in tracked(".sql"):
        if "migrations" in path.parts:
            continue
        text = re.sub(r"--[^\n]*", "", path.read_text(encoding="utf-8")).strip()
        if not text.endswith(";") or text.count(";") != 1:
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_words_have_one_meaning() -> None:
    """No other name for what the glossary names."""
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in [*MODULES, *tracked(".sql")]
        for match in BANNED.finditer(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_the_project_speaks_of_itself_alone() -> None:
    """No machine's paths, no registry's host names."""
    places = re.compile(r"/root/|/home/\w+/|/work/|files\.pythonhosted|pypi\.org|registry\.npmjs")
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked(".py", ".md", ".sql", ".txt", ".toml", ".in", "/dev", "/run")
        if path.name != "test_tidy.py" and places.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_rule_that_is_named_is_defined() -> None:
    """R17, wherever it is said, and r17 in the name of a test are a paragraph of docs/rules.md."""
    rules = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    defined = [int(number) for number in re.findall(r"^\*\*R(\d+)\*\*", rules, re.M)]
    assert sorted(set(defined)) == sorted(defined)
    wrong = []
    for path in tracked(".py", ".md", ".sql"):
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"\bR(\d+)\b", text))
        for numbers in re.findall(r"^(?:async )?def test((?:_r\d+)+)_", text, re.M):
            named |= set(re.findall(r"\d+", numbers))
        unknown = sorted({int(number) for number in named} - set(defined))
        wrong += [f"{path.relative_to(ROOT)}: R{number}" for number in unknown]
    assert wrong == []


def test_every_package_says_what_it_owns() -> None:
    """A README beside each package's code."""
    packages = [*(SOURCE / "brimful").iterdir(), SOURCE / "brimful_testbank"]
    missing = [
        folder.name
        for folder in packages
        if (folder / "__init__.py").exists() and not (folder / "README.md").exists()
    ]
    assert missing == []


def test_a_table_of_what_to_change_names_every_module() -> None:
    """Where a package's README has one: whoever looks for a place to change finds each there."""
    tables, missing = 0, []
    for path in tracked("/README.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        if SOURCE not in path.parents or "| to change | look at |" not in lines:
            continue
        tables += 1
        rows = "\n".join(line for line in lines if line.startswith("|"))
        named = set(re.findall(r"`(\w+)`", rows))
        modules = {found.stem for found in path.parent.glob("*.py")} - {"__init__"}
        missing += [f"{path.parent.name}: {name}" for name in sorted(modules - named)]
    assert missing == []
    assert tables >= 4


def test_public_functions_are_documented() -> None:
    """A docstring for every public function and class of the source."""
    wrong = []
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            if (
                isinstance(node, kinds)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


@pytest.mark.parametrize(
    "path", [p for p in PYTHON if p.name.startswith("test_")], ids=lambda p: p.name
)
def test_every_test_asserts(path: Path) -> None:
    """No test without an assertion."""
    text = path.read_text(encoding="utf-8")
    empty = [
        node.name
        for node in functions(path)
        if node.name.startswith("test_")
        and not re.search(r"assert|raises|expect|check", ast.get_source_segment(text, node) or "")
    ]
    assert empty == []
