"""How long anybody waits at the database: for an answer, a lock, a connection, a host that is silent."""

from dataclasses import dataclass

# A statement of a request or a scan. One that takes longer is not answered to anybody any more.
STATEMENT_S = 60.0
# A statement that reads a whole platform, for a command that is run by hand: no request takes so long.
LONG_S = 6 * 3_600.0
# A transaction whose process says nothing: it died with its host, or stands still, and keeps its locks.
# Between two statements of ours there is nothing but a decision, so the server ends it this soon.
IDLE_S = 15.0
# Whoever waits for a lock: longer than for one whose host has just died, shorter than a statement may
# take, so that one row that is locked is told from a database that gives no answer.
LOCK_S = 30.0
# Whoever waits for a connection of the pool, in line or for a new one: a crowd is through by then.
CONNECTION_S = 20.0
# A host that died while nothing was under way is asked for a sign of life after 10 s, then every 5 s. On Linux
# a set user time-out stands in for the count of those questions, so it is noticed after as long as a statement
# may take, elsewhere after 10 + 3 x 5 s: its connections are given to others. What it had locked is free
# after IDLE_S all the same. Reads as zero and does nothing where the server is reached by a Unix socket.
# One that died while it was being sent something, or reads none of it, is noticed after that long, too: not
# sooner, for whoever writes what is sent to a slow disk reads nothing for a while.
TCP = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{STATEMENT_S * 1_000:.0f}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long is waited, in seconds: for a statement, a lock, the next statement of a transaction, a
    connection. Only tests have others than these."""

    statement_s: float = STATEMENT_S
    lock_s: float = LOCK_S
    idle_s: float = IDLE_S
    connection_s: float = CONNECTION_S

    def of_session(self) -> dict[str, str]:
        """What the server is told of them when a session begins."""
        return {
            **TCP,
            "lock_timeout": f"{self.lock_s * 1_000:.0f}",
            "idle_in_transaction_session_timeout": f"{self.idle_s * 1_000:.0f}",
        }
