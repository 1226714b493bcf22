"""The words of imports: why a file is refused, and what is in the way of a row."""

from typing import Any

from django.utils.translation import gettext as _

from cards.models import Card
from loyalty.imports import booking, columns, intake
from loyalty.imports.models import UploadRow
from loyalty.imports.problems import Problem
from loyalty.ledger.models import Unit
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import BusyError
from loyalty.sheets import limits, refusals
from loyalty.web.money import count, money, plain
from loyalty.web.templatetags.loyalty import when

# What the pages of an upload may meet, each a sentence below.
REFUSED = (
    booking.WrongStateError,
    booking.HasErrorsError,
    booking.NothingToBookError,
    intake.AlreadyBookedError,
    BusyError,
)
FILE_REFUSED = (
    refusals.FileRefusedError,
    columns.ColumnError,
    intake.NoRowsError,
    intake.TooManyForWholeError,
    intake.AlreadyBookedError,
)


def file_refused(error: Exception) -> str:
    """Return why a file is not taken in."""
    match error:
        case refusals.FileRefusedError():
            return _unreadable(error)
        case columns.ColumnError():
            return _wrong_column(error)
        case intake.NoRowsError():
            return _("There are titles and no rows under them. Fill in at least one row.")
        case intake.TooManyForWholeError():
            return _(
                "All or nothing is possible up to %(most)s rows. Split the file, or choose"
                " otherwise below."
            ) % {"most": count(intake.MOST_WHOLE)}
        case intake.AlreadyBookedError():
            return refused(error)
        case _:
            raise error


def _unreadable(error: refusals.FileRefusedError) -> str:
    megabytes = limits.MOST_BYTES // limits.MEGABYTE
    words = {
        "wrong_extension": _("Upload a CSV file or an Excel workbook that ends in .xlsx."),
        "wrong_content": _("This file is not what its name says. Save it again as .csv or .xlsx."),
        "macros": _("Workbooks with macros are not read. Save it as .xlsx without macros."),
        "encrypted": _("This workbook has a password. Save it without one."),
        "external_links": _("This workbook takes data from elsewhere. Save its values alone."),
        "formula": _("Cell %(where)s holds a formula. Paste its value in its place."),
        "error_value": _("Cell %(where)s holds an error such as #N/A. Mend it."),
        "too_large": _("The file is larger than %(most)s MB. Split it.") % {"most": megabytes},
        "bomb": _("The file grows too large when it is unpacked. Save the sheet alone."),
        "forbidden_xml": _("No spreadsheet writes such a workbook. Save it again as .xlsx."),
        "empty": _("The file is empty."),
        "too_many_rows": _("At most %(most)s rows in one file. Split it.")
        % {"most": count(limits.MOST_ROWS)},
        "too_many_columns": _("The file has too many columns. Start from the template."),
        "cell_too_long": _("Cell or row %(where)s holds too much text."),
        "undecodable": _("The letters of this file cannot be read. Save it as UTF-8."),
        "duplicate_header": _("Two columns are called %(where)s. Leave one of them."),
        "wider_row": _("Cell %(where)s has no title above it."),
        "broken": _("The file is damaged. Save it again."),
        "too_heavy": _("Reading the file takes too long. Save the sheet alone, or as CSV."),
    }
    text = words.get(error.code, _("The file cannot be read."))
    return text % {"where": error.where} if "%(where)" in text else text


def _wrong_column(error: columns.ColumnError) -> str:
    match error:
        case columns.UnknownColumnError():
            text = _("No column is called %(title)s here. The titles are those of the template.")
        case columns.RepeatedColumnError():
            text = _("The column %(title)s is there twice.")
        case _ if error.title:
            text = _("The column %(title)s is missing. The titles are those of the template.")
        case _:
            text = _("There is neither a column of points nor one of credit.")
    return text % {"title": error.title}


def refused(error: Exception) -> str:
    """Return why an upload was left as it was."""
    match error:
        case intake.AlreadyBookedError():
            upload = error.upload
            person = upload.confirmed_by
            return _(
                "This file was booked already, on %(when)s by %(person)s. Nothing was booked now."
            ) % {
                "when": when(upload.confirmed_at or upload.uploaded_at),
                "person": person.get_full_name() if person else _("system"),
            }
        case booking.HasErrorsError():
            return _("Some rows have errors, and it is all or nothing. Nothing was booked.")
        case booking.NothingToBookError():
            return _("There is no row without an error. Nothing was booked.")
        case BusyError():
            return _("The database is busy just now. Nothing was changed. Try again.")
        case _:
            return _("Somebody was here first. This is how it stands now.")


def amount(row: UploadRow, minor: int | None, card: Card) -> str:
    """Return points, or credit with its currency."""
    if minor is None:
        return ""
    return money(minor, card.currency) if row.unit == Unit.CREDIT else count(minor)


def signed(row: UploadRow, card: Card) -> str:
    """Return what a row moves, with its sign."""
    sign = "+" if row.amount > 0 else ""
    return f"{sign}{amount(row, row.amount, card)}"


def problem(row: UploadRow, card: Card) -> str:
    """Return what is in the way of a row; empty if nothing is."""
    if not row.error:
        return ""
    facts: dict[str, Any] = dict(row.facts)
    words = _problems()[Problem(row.error)]
    if "available" in facts:
        facts["available"] = amount(row, max(0, facts["available"]), card)
    if "most" in facts:
        facts["most"] = count(facts["most"])
    if row.error == Problem.REASON:
        facts["reasons"] = ", ".join(AdjustmentReason.values)
    if row.error == Problem.NOT_MONEY:
        facts["example"] = plain(1250, card.currency)
    return words % facts if facts else words


def _problems() -> dict[Problem, str]:
    return {
        Problem.NO_MEMBER: _("No member is named."),
        Problem.NOT_FOUND: _(
            "Nobody with this number, code, e-mail or confirmed phone holds the card."
        ),
        Problem.MERGED: _("This customer was merged into another one. Name that one."),
        Problem.NO_AMOUNT: _("Neither points nor credit are given."),
        Problem.TWO_AMOUNTS: _("Points and credit need a row each."),
        Problem.NOT_WHOLE: _("Points are a whole number without separators, such as -24."),
        Problem.NOT_MONEY: _("Credit is an amount such as %(example)s."),
        Problem.TOO_FINE: _("The currency has at most %(places)s decimals."),
        Problem.REASON: _("The reason is one of %(reasons)s."),
        Problem.TOO_LONG: _("A note is longer than %(most)s characters."),
        Problem.DATE: _("The date is written as 2027-12-31."),
        Problem.ZERO: _("The amount is zero."),
        Problem.ABOVE_CAP: _("At most %(most)s at a time; an owner may book more."),
        Problem.NOT_ENOUGH: _("Not enough: at most %(available)s can be taken."),
        Problem.TAKES: _("An opening balance is above zero."),
        Problem.DATE_PASSED: _("The last day to use it has passed."),
        Problem.OWN: _("This is your own card. Ask a colleague."),
        Problem.REMOVED: _("This card was taken out of the programme."),
        Problem.BLOCKED: _("This card is blocked."),
        Problem.REPEAT: _("This row was booked with other content."),
    }
