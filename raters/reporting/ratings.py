"""ratings.csv, streamed out of PostgreSQL as its COPY writes it, in constant memory."""

from collections.abc import Iterator

from django.db import connection
from psycopg import sql

from evalapp.reports.rows import RATINGS_COLUMNS

#: Bytes that are gathered before they go to the client: COPY hands out one row at a time.
PIECE_BYTES = 64 * 1024

COPY_RATINGS = sql.SQL(
    "COPY (SELECT {columns} FROM raters_rating WHERE study_id = {study}"
    " ORDER BY position, seat, judgment_id, answer_id) TO STDOUT WITH (FORMAT csv, HEADER)"
)


def ratings_csv(study_id: int) -> Iterator[bytes]:
    """The bytes of ratings.csv in pieces: header, then one line per judgment and criterion, LF line ends.

    Ordered by comparison, seat, judgment and criterion, so that the same rows give the same bytes.
    """
    statement = COPY_RATINGS.format(
        columns=sql.SQL(", ").join(map(sql.Identifier, RATINGS_COLUMNS)), study=sql.Literal(study_id)
    )
    gathered = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in copy:
            gathered += line
            if len(gathered) >= PIECE_BYTES:
                yield bytes(gathered)
                gathered.clear()
    yield bytes(gathered)
