"""One consistent view of the database for everything that goes into a bundle, while raters go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Every query inside sees the database as it was at the first one. Nothing can be written inside.

    Raises RuntimeError inside another transaction, whose view is taken anew for every statement.
    """
    enclosed = connection.in_atomic_block
    with transaction.atomic(durable=True):
        # Only the transaction that Django wraps around a test passes the check above.
        if not enclosed:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
