"""What of signals goes when a customer's personal data is erased: what was written about them."""

from loyalty.analytics.models import Signal
from loyalty.operations import erasing
from loyalty.operations.erasing import Traces


@erasing.also
def blank_notes(traces: Traces) -> None:
    """Empty the notes on signals about the customer's cards; the facts are keys and numbers."""
    Signal.objects.filter(membership__in=traces.membership_ids).update(note="")
