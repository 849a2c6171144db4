"""One consistent view of the database for everything that goes into a bundle, while raters go on writing."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Every query inside sees the database as it was at the first one. Nothing can be written inside.

    Raises RuntimeError inside another transaction, whose snapshot would be taken statement by statement.
    """
    if connection.in_atomic_block:
        raise RuntimeError("a snapshot cannot begin inside another transaction")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
