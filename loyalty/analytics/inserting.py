"""Insert what a query selects, without reading it."""

from datetime import date
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet, Value


def headed(rows: QuerySet[Any, Any], day: date) -> QuerySet[Any, Any]:
    """Return rows with the same date on each, as ``head_date``."""
    head = Value(day, output_field=models.DateField())
    found: QuerySet[Any, Any] = rows.order_by().annotate(head_date=head)
    return found


def insert(
    model: type[models.Model], names: tuple[str, ...], rows: QuerySet[Any, Any], end: str = ""
) -> int:
    """Insert what a query selects into columns; return how many rows.

    One statement on either database.
    """
    sql, values = rows.query.get_compiler(connection=connection).as_sql()
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({listed}) {sql} {end}',
            values,
        )
        return int(cursor.rowcount)
