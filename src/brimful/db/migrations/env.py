"""Alembic's entry: the connection is the caller's, the transaction too."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
