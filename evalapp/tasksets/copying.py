"""Many rows into a table at once through PostgreSQL's COPY, five to ten times faster than inserting them."""

import json
from collections.abc import Iterable, Sequence

from django.db import connection, models
from psycopg import sql


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows, each in the order of ``columns``; JSON values are given as text made by ``json_text``.

    The caller has checked the values; the table's constraints still hold for every row.
    """
    table = model._meta.db_table  # noqa: SLF001 - Django's documented name
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    # The driver's copy raises the driver's errors; callers expect Django's.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def json_text(value: object) -> str:
    """A value as the text of a JSON column."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
