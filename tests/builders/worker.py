"""``brimful worker`` as a process that can be killed and started again."""

from pathlib import Path

from tests.builders.processes import SECRET, Program


def worker(dsn: str, bank_url: str, folder: Path, name: str, lease_s: float) -> Program:
    """A worker that is yet to be started; what it says goes to a file of its name."""
    return Program(
        "-m", "brimful.cli", "worker",
        log=folder / f"{name}.log",
        env={
            "DATABASE_URL": dsn,
            "BRIMFUL_DATA_DIR": str(folder),
            "BRIMFUL_TESTBANK_URL": bank_url,
            "BRIMFUL_EVENTS_SECRET": SECRET,
            "BRIMFUL_LEASE_S": str(lease_s),
            "BRIMFUL_WORKER_POLL_MS": "100",
            "BRIMFUL_GATEWAY_TIMEOUT_S": "5",
        },
    )  # fmt: skip
