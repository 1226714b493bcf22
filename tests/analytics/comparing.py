"""That sums, however they were kept, are what the ledger says."""

from datetime import date

from cards.models import Card
from loyalty.analytics import hours, reading
from loyalty.analytics.models import ActiveMonth, DayFact, DayHour, MonthFact, MonthHour
from loyalty.analytics.reading import Scope, Window
from loyalty.analytics.spans import Span, Step
from loyalty.analytics.tallying import BASKETS, SORT
from tests.analytics import raw

BY = ("card__currency", "reward_id", *SORT)


def whole(cast, **place):
    return Scope(partner=cast.partner, cards=Card.objects.filter(partner=cast.partner), **place)


def scopes(cast):
    """Return the partner, a club, a card, a store and a person."""
    cards = Card.objects.filter(partner=cast.partner)
    return [
        whole(cast),
        Scope(partner=cast.partner, cards=cards.filter(club=cast.hill)),
        Scope(partner=cast.partner, cards=cards.filter(pk=cast.card.pk)),
        whole(cast, store_id=cast.old_port.pk),
        whole(cast, actor_id=cast.petra.pk),
    ]


def sums_are_the_ledgers(scope, span):
    windows = [
        Window(name="days", span=span, step=Step.DAY),
        Window(name="months", span=span, step=Step.MONTH),
        Window(name="whole", span=span),
        Window(name="before", span=span.before()),
        Window(name="opening", span=Span(first=date.min, until=span.first)),
    ]
    assert raw.told(raw.ask(scope, windows, BY), BY) == raw.summed(scope, windows, BY)

    named = {"now": span, "before": span.before()}
    active = reading.read(scope, lambda reader: reader.active(named))
    assert active == {name: raw.active(scope, one) for name, one in named.items()}
    found = hours.heat_map(scope=scope, span=span, at=raw.later())
    assert found.visits == raw.hours(scope, span)


def baskets_are_the_ledgers(scope, span):
    """Compare baskets, which are told as of the job's last run."""
    rows = raw.ask(scope, [Window(name="now", span=span)], ())
    found = {name: sum(row[name] for row in rows) for name in BASKETS}
    assert found == raw.baskets(scope, span)


def kept():
    """Return all sums that the job keeps, without keys."""
    found = {}
    for model in (DayFact, MonthFact, DayHour, MonthHour, ActiveMonth):
        names = [one.attname for one in model._meta.concrete_fields if one.attname != "id"]
        found[model.__name__] = sorted(model.objects.values_list(*names), key=repr)
    return found
