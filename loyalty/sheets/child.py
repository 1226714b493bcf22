"""The process that reads one file: its own limits first, then the parser, then lines of JSON.

The file is its standard input, the answer its standard output, which is a file as well: one line
for each row, or a single one that says why there are none.
"""

import json
import os
import resource
import sys
from typing import BinaryIO, TextIO

from loyalty.sheets import limits, refusals, tables, texts, workbooks

REFUSED = 3
STDOUT = 1
PARSERS = {"text": texts.rows, "workbook": workbooks.rows}


def main(kind: str) -> int:
    """Read standard input within the limits and return the exit code."""
    _take_limits()
    try:
        with open(STDOUT, "w", encoding="utf-8", newline="\n", closefd=False) as target:
            answer(sys.stdin.buffer, target, kind=kind)
    except refusals.FileRefusedError as refusal:
        return _refuse(refusal)
    except (MemoryError, OSError):
        return _refuse(refusals.TooHeavyError())
    except BaseException as error:  # noqa: BLE001 - parsers raise anything; Rust panics past Exception
        # The name alone: the words of an error may quote what people wrote into the file.
        sys.stderr.write(f"{type(error).__name__} while reading a table\n")
        return _refuse(refusals.BrokenFileError())
    return 0


def answer(source: BinaryIO, target: TextIO, *, kind: str) -> None:
    """Write the header and the rows of a file, one line each.

    :raises FileRefusedError: if the file is no table within the limits.
    """
    data = source.read(limits.MOST_BYTES + 1)
    if len(data) > limits.MOST_BYTES:
        raise refusals.TooLargeError
    for row in tables.checked(PARSERS[kind](data)):
        target.write(json.dumps([row.number, row.cells], ensure_ascii=False))
        target.write("\n")


def _take_limits() -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits.MEMORY),
        (resource.RLIMIT_CPU, limits.CPU_SECONDS),
        (resource.RLIMIT_FSIZE, limits.MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)  # noqa: PLW2901
        resource.setrlimit(kind, (most, most))


def _refuse(refusal: refusals.FileRefusedError) -> int:
    told = json.dumps({"code": refusal.code, "where": refusal.where}).encode()
    os.ftruncate(STDOUT, 0)
    os.pwrite(STDOUT, told, 0)
    return REFUSED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
