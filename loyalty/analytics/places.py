"""How many members were active lately in a store, or with a person."""

from django.db.models import Count, Sum

from clubs.models import Partner
from loyalty.analytics import spans, tallying
from loyalty.analytics.models import PlaceCount
from loyalty.analytics.reading import Counted
from loyalty.analytics.spans import CountDay, Lately
from loyalty.ledger.models import Transaction

# A column of the ledger, and the column of the counts that it becomes.
_PLACES = (("store_id", "store_id"), ("worker_id", "actor_id"))


def active(counted: Counted, days: Lately, **place: int) -> tuple[int, int]:
    """Return how many members were active there in the last days, and in as many before.

    ``place`` is a ``store`` or an ``actor``. As of ``counted.at``; one statement. Source: R6.1.
    """
    rows = PlaceCount.objects.filter(card__in=counted.card_ids, day_count=days, **place)
    told = rows.order_by().values_list("is_before").annotate(members=Sum("member_count"))
    found = dict(told)
    return int(found.get(False, 0)), int(found.get(True, 0))


def counted(partner: Partner, day: CountDay, *, days: Lately) -> list[PlaceCount]:
    """Return how many members of each card were active lately at each store and with each person.

    A membership is of one card, so the counts of several cards add up.
    """
    now = days.until(day.today)
    found = []
    for is_before, span in ((False, now), (True, now.before())):
        deeds = Transaction.objects.filter(
            partner=partner,
            occurred_at__gte=spans.begins(span.first, day.zone),
            occurred_at__lt=spans.begins(span.until, day.zone),
        )
        visits = tallying.visits(deeds).annotate(**tallying.by_whom()).order_by()
        for column, key in _PLACES:
            rows = visits.exclude(**{column: None}).values_list("card_id", column)
            found += [
                PlaceCount(
                    partner=partner,
                    card_id=card_id,
                    day_count=days,
                    is_before=is_before,
                    member_count=members,
                    **{key: pk},
                )
                for card_id, pk, members in rows.annotate(
                    members=Count("membership_id", distinct=True)
                )
            ]
    return found
