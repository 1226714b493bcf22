"""Accounts locked together, always by id, so that two deeds never wait for each other."""

from loyalty.members.models import Account, Membership


def own_and_referrer(own_id: int, referrer_id: int | None) -> list[Account]:
    """Lock a member's account, and that of the membership that brought them; the own one is first.

    Who is not brought has one account alone. The referrer's membership is only read: whoever moves
    it to another account needs the lock on this one.
    """
    wanted = Account.objects.select_for_update(no_key=True)
    if referrer_id is None:
        return [wanted.get(pk=own_id)]
    other_id = Membership.objects.values_list("account_id", flat=True).get(pk=referrer_id)
    rows = {row.pk: row for row in wanted.filter(pk__in={own_id, other_id}).order_by("pk")}
    return [rows[own_id], rows[other_id]]
