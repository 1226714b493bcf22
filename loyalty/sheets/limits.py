"""How much a file may hold and how much its reading may cost.

Source: reliability, CSV and Excel import: limits before parsing, and a child process for it.
"""

MEGABYTE = 1024 * 1024

# What is uploaded, and what a workbook unpacks to.
MOST_BYTES = 10 * MEGABYTE
MOST_UNPACKED = 50 * MEGABYTE
MOST_SHARED_STRINGS = 20 * MEGABYTE
MOST_STYLES = 10 * MEGABYTE
# The parts that only say where the others are.
MOST_MAP = 2 * MEGABYTE
MOST_PARTS = 1_000
MOST_RATIO = 100
# Short parts of a workbook say the same again and again; they are small whatever their ratio.
RATIO_COUNTS_FROM = 100_000

# What a sheet of a spreadsheet takes at all, blank rows and header among them.
MOST_SHEET_ROWS = 1_048_576
# What the table may hold; the header comes on top.
MOST_ROWS = 100_000
MOST_COLUMNS = 50
# As many as a cell of a spreadsheet takes.
MOST_CHARACTERS = 32_767
# One string may stand in many cells, so the text is counted again where it is read.
MOST_TEXT = 50 * MEGABYTE

# What the child process may use.
MEMORY = 512 * MEGABYTE
CPU_SECONDS = 15
# On a busy machine the processor's seconds take longer; a task of the queue may take 60.
WAIT_SECONDS = 50.0
MOST_WRITTEN = 256 * MEGABYTE
