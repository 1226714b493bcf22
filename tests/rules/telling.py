"""What explanations of awards tell of a line."""


def line_facts(key, unit="POINTS", basis="AMOUNT", value="100", award="1"):
    return (("key", key), ("unit", unit), ("basis", basis), ("value", value), ("award", award))
