"""A run of the tests leaves nothing behind: no server, no folder."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
INNER = "tests/db/test_migrate.py::test_what_an_address_may_say_migrates_too"


def test_a_run_leaves_no_folder() -> None:
    """A run on two workers, in a temporary folder of its own, which is empty again afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        # Root lends the server to a user that has to pass through.
        Path(folder).chmod(0o755)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "DATABASE_URL"))}
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", INNER],
            cwd=ROOT,
            env={**env, "TMPDIR": folder},
            capture_output=True,
            text=True,
        )
        assert "3 passed" in ended.stdout, ended.stdout
        assert [path.name for path in Path(folder).glob("brimful*")] == []
