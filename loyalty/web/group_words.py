"""What pages say of membership groups: how large one is, and who did what in it."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership
from loyalty.operations import extensions, merging, pooling


def family(membership: Membership) -> str:
    """Return "family account of 3" for a member of a group, or nothing; asks how many they are."""
    if membership.group_id is None:
        return ""
    count = Membership.objects.filter(group=membership.group_id).count()
    return ngettext("family account of %(count)s", "family account of %(count)s", count) % {
        "count": count
    }


def transfer_title(deed: Transaction) -> str:
    """Return what a transfer was, in words for the member."""
    titles = {
        pooling.JOINED: _("Joined the family account"),
        pooling.LEFT: _("Left the family account"),
        pooling.CLOSED: _("The family account ended"),
        pooling.RESTARTED: _("Left the family account and began anew"),
        extensions.EXTENDED: _("Lasts longer now"),
    }
    step = str(deed.result.get("step"))
    return titles.get(step) or merger_title(deed) or str(deed.get_kind_display())


def merger_title(deed: Transaction) -> str:
    """Return what a merger of two records did to this card; nothing for another deed.

    In a list ``deed`` comes with ``other_number``; of one deed the number is asked for here.
    """
    match deed.result.get("step"):
        case merging.MERGED if "other_membership_id" in deed.result:
            return _("Taken over from card %(number)s") % {"number": _other_number(deed)}
        case merging.MERGED:
            return _("Merged with another record")
        case merging.MERGED_AWAY:
            return _("Merged into card %(number)s") % {"number": _other_number(deed)}
        case _other:
            return ""


def _other_number(deed: Transaction) -> str:
    if hasattr(deed, "other_number"):
        return str(deed.other_number)
    return Membership.objects.get(pk=deed.result["other_membership_id"]).number


def by_another(deed: Transaction, membership: Membership) -> str:
    """Return who did it, where it was another member of the group; to members nobody is named."""
    if membership.group_id is None or deed.membership_id in {None, membership.pk}:
        return ""
    return _("by a member of the group")
