"""Why a file is refused: one class each, with a stable code and the place that shows it."""

from typing import ClassVar


class FileRefusedError(ValueError):
    """The file cannot be read as a table; ``where`` names a cell, row or title, or is empty."""

    code: ClassVar[str]

    def __init__(self, *, where: str = "") -> None:
        super().__init__(f"{self.code} {where}".rstrip())
        self.where = where


class WrongExtensionError(FileRefusedError):
    """The name does not end like that of a table."""

    code = "wrong_extension"


class WrongContentError(FileRefusedError):
    """The file is not what its name says."""

    code = "wrong_content"


class MacrosError(FileRefusedError):
    """The workbook may hold programs."""

    code = "macros"


class EncryptedError(FileRefusedError):
    """The workbook is locked by a password."""

    code = "encrypted"


class ExternalLinksError(FileRefusedError):
    """The workbook takes data from elsewhere."""

    code = "external_links"


class FormulaError(FileRefusedError):
    """A cell holds a formula; ``where`` is the cell."""

    code = "formula"


class ErrorValueError(FileRefusedError):
    """A cell holds an error such as #N/A in place of a value; ``where`` is the cell."""

    code = "error_value"


class TooLargeError(FileRefusedError):
    """The file has too many bytes."""

    code = "too_large"


class BombError(FileRefusedError):
    """The file grows too much when it is unpacked."""

    code = "bomb"


class ForbiddenXmlError(FileRefusedError):
    """A part of the workbook declares entities or an encoding that no spreadsheet writes."""

    code = "forbidden_xml"


class EmptyFileError(FileRefusedError):
    """The file has not even a header."""

    code = "empty"


class TooManyRowsError(FileRefusedError):
    """The table is too long; ``where`` is the row."""

    code = "too_many_rows"


class TooManyColumnsError(FileRefusedError):
    """The table is too wide; ``where`` is the cell, or the row."""

    code = "too_many_columns"


class CellTooLongError(FileRefusedError):
    """A cell holds more text than a spreadsheet takes; ``where`` is the cell, or the row."""

    code = "cell_too_long"


class UndecodableError(FileRefusedError):
    """The bytes are neither UTF-8 nor Windows-1252."""

    code = "undecodable"


class DuplicateHeaderError(FileRefusedError):
    """Two columns have the same title; ``where`` is the title."""

    code = "duplicate_header"


class WiderRowError(FileRefusedError):
    """A row has cells beyond the header; ``where`` is the first of them."""

    code = "wider_row"


class BrokenFileError(FileRefusedError):
    """The file is damaged; ``where`` is the row, if one can be told."""

    code = "broken"


class TooHeavyError(FileRefusedError):
    """Reading the file took more time or memory than a table needs."""

    code = "too_heavy"


BY_CODE: dict[str, type[FileRefusedError]] = {
    refusal.code: refusal
    for refusal in (
        WrongExtensionError,
        WrongContentError,
        MacrosError,
        EncryptedError,
        ExternalLinksError,
        FormulaError,
        ErrorValueError,
        TooLargeError,
        BombError,
        ForbiddenXmlError,
        EmptyFileError,
        TooManyRowsError,
        TooManyColumnsError,
        CellTooLongError,
        UndecodableError,
        DuplicateHeaderError,
        WiderRowError,
        BrokenFileError,
        TooHeavyError,
    )
}
