"""The ground: reference tables, accounts, the ledger, operations, and the functions that write them."""

from brimful.db.migrations.run_folder import run_folder

revision = "0001_ground"
down_revision = None


def upgrade() -> None:
    """Run the folder of this revision."""
    run_folder(revision)
