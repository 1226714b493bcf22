"""Keys of rows in addresses: a number no database can hold is the number of nothing."""

LARGEST = 2**63 - 1


class KeyConverter:
    """Reads the key of a row; what is larger than any key matches no address."""

    regex = "[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """Return the key.

        :raises ValueError: if no row can have it, which Django takes as no match.
        """
        key = int(value)
        if key > LARGEST:
            raise ValueError(value)
        return key

    def to_url(self, value: int) -> str:
        """Return the key as it stands in an address."""
        return str(value)
