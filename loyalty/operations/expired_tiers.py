"""Where tiers follow what is available, an expiry may lower one (IV3.7, IV3.9, rules 7)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from cards import terms
from cards.models import TermsVersion
from loyalty.ledger.drafts import Draft, TierMove
from loyalty.ledger.models import Entry, Kind, Source, Unit
from loyalty.members.models import Account, TierSource
from loyalty.operations import drafting, tiering
from loyalty.operations.deeds import fingerprint, key_of_part
from loyalty.rules import tiers
from loyalty.rules.terms import Terms, TierBasis, TierManagement

_UNITS = {TierBasis.AVAILABLE_POINTS: Unit.POINTS, TierBasis.AVAILABLE_CREDIT: Unit.CREDIT}


def falls(transaction_ids: Sequence[int], *, card_ids: Iterable[int], at: datetime) -> list[Draft]:
    """Return the tier changes that these expiries lead to, each caused by its expiry.

    The accounts are locked. Each expiry is judged by what was left after it, so it does not matter
    how late it is booked. An expiry lifts nobody; where rules changed, the nightly review does.
    """
    versions = _versions(card_ids, at)
    rules = {
        version_id: found
        for version_id in versions.values()
        if _follows_available(found := terms.of_version(version_id))
    }
    by_card = {card: pk for card, pk in versions.items() if pk in rules}
    if not by_card:
        return []
    entries = (
        Entry.objects.filter(transaction__in=transaction_ids, transaction__card__in=by_card)
        .select_related("transaction")
        .order_by("account_id", "sequence")
    )
    rows = Account.objects.filter(pk__in={entry.account_id for entry in entries})
    accounts = {account.pk: account for account in rows.select_related("card__partner")}
    drafts: list[Draft] = []
    for entry in entries:
        account, version_id = accounts[entry.account_id], by_card[entry.transaction.card_id]
        if entry.unit == _UNITS[rules[version_id].tier_basis]:
            drafts += _fall(entry, account, version_id, drafts)
    return drafts


def _versions(card_ids: Iterable[int], at: datetime) -> dict[int, int]:
    """Return the version of each card's rules that is in force."""
    rows = TermsVersion.objects.filter(card__in=card_ids, published_at__lte=at).order_by("number")
    return dict(rows.values_list("card_id", "pk"))


def _follows_available(rules: Terms) -> bool:
    return (
        bool(rules.tiers)
        and rules.tier_basis in _UNITS
        and rules.tier_management == TierManagement.AUTOMATIC
    )


def _fall(entry: Entry, account: Account, version_id: int, before: Sequence[Draft]) -> list[Draft]:
    """Return the tier change of one expiry, if what is left reaches a lower tier only."""
    expiry, rules = entry.transaction, terms.of_version(version_id)
    earlier = [one.tier for one in before if one.account is account and one.tier]
    tier_id = earlier[-1].to_tier_id if earlier else account.tier_id
    source = earlier[-1].source if earlier else account.tier_source
    to_tier_id = tiers.assessed(
        terms=rules,
        value=entry.balance_after,
        tier_id=tier_id,
        is_set_by_hand=source == TierSource.MANUAL,
        held_until=account.tier_hold_until,
        at=expiry.occurred_at,
        is_due=True,
    )
    reached = rules.tier(to_tier_id)
    if to_tier_id == tier_id or tiering.is_rise(rules, tier_id, reached):
        return []
    return [
        Draft(
            kind=Kind.TIER_CHANGE,
            source=Source.SYSTEM,
            partner_id=account.partner_id,
            card_id=account.card_id,
            membership_id=None,
            account=account,
            actor_id=None,
            store_id=None,
            request_id=key_of_part(expiry.request_id, "tier"),
            fingerprint=fingerprint("tier after expiry"),
            occurred_at=expiry.occurred_at,
            terms_id=version_id,
            caused_by_id=expiry.pk,
            tier=TierMove(to_tier_id=to_tier_id, source=TierSource.AUTOMATIC),
            result={"points": 0, "new_tier": reached.name if reached else None},
            events=(drafting.tier_fact(to_tier_id),),
        )
    ]
