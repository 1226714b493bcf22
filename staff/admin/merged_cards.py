"""What an account page says of mergers: which closed cards came here, and which is in force."""

from typing import Any

from loyalty.members.models import Membership

MOST_SHOWN = 20


def merged_cards(membership: Membership) -> dict[str, Any]:
    """Return the closed cards whose history this one goes on with, or the one that goes on."""
    if membership.member.merged_into_id is not None:
        return {"in_force": Membership.objects.in_force_for(membership).first()}
    earlier = Membership.objects.taken_over_by(membership).order_by("pk")
    return {"earlier_cards": earlier[:MOST_SHOWN]}
