"""What of exports goes when a customer's personal data is erased: every file they may be in."""

from loyalty.exports import asking
from loyalty.operations import erasing
from loyalty.operations.erasing import Traces


@erasing.also
def drop_files(traces: Traces) -> None:
    """Remove the partner's exports; whoever still wants one asks again."""
    if not traces.member_ids:
        return  # Nobody is erased; whoever is later takes these files with them all the same.
    asking.drop_of_partner(traces.partner_id)
