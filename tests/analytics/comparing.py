"""That sums, however they were kept, are what the ledger says."""

import dataclasses
from datetime import date

from cards.models import Card
from loyalty.analytics import (
    best,
    cohorts,
    comebacks,
    frequency,
    hours,
    places,
    reading,
    risks,
    tier_figures,
)
from loyalty.analytics.models import (
    ActiveMonth,
    DayFact,
    DayHour,
    Measure,
    MonthFact,
    MonthHour,
    TierMove,
)
from loyalty.analytics.reading import Scope, Window
from loyalty.analytics.spans import Lately, Span, Step
from loyalty.analytics.tallying import BASKETS, SORT
from tests.analytics import raw, raw_counts

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
        *places_of(cast),
    ]


def places_of(cast):
    """Return a store, and somebody who serves there."""
    return [whole(cast, store_id=cast.old_port.pk), whole(cast, actor_id=cast.sam.pk)]


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


def counts_are_the_ledgers(cast, today, *some):
    """Compare what the daily round counts as of a day, for all cards of the partner.

    Active members are told of any span.
    """
    counted = raw_counts.count(cast, today)
    named = {str(number): span for number, span in enumerate(some)}
    for scope in scopes(cast)[:3]:
        cards = reading.own_cards(scope)
        own = dataclasses.replace(counted, card_ids=cards.ids, all_of=cards.all_of)
        told = {name: raw.active(scope, span) for name, span in named.items()}
        assert comebacks.active(own, named) == told
    cards = whole(cast).cards
    found = {
        one.joined_month: (one.members, {after: n for after, n in enumerate(one.active) if n})
        for one in cohorts.cohorts(counted)
    }
    assert found == raw_counts.cohorts(cards, today)
    for days in Lately:
        span = days.until(today)
        often = frequency.frequency(counted, days)
        told = {one.least: (one.members, one.visits) for one in often.often if one.members}
        assert often.members_before == raw.active(whole(cast), span.before())
        assert told == raw_counts.frequency(cards, span)
        for scope in places_of(cast):
            there = raw.active(scope, span), raw.active(scope, span.before())
            assert places.active(counted, days, **scope.place()) == there
        ranked = {}
        for measure in Measure:
            for currency, rows in best.best(counted, days=days, measure=measure).items():
                ranked[measure.value, currency] = [(-one.amount, one.membership_id) for one in rows]
        assert ranked == raw_counts.best(cards, span)
    page = risks.at_risk(counted, today=today)
    missed = [(one.membership_id, one.visits, one.gap_days, one.last_date) for one in page.members]
    assert (missed, page.count) == (raw_counts.missed(cards, today), len(missed))
    tiers = {(one.card_id, one.tier_id): one.members for one in tier_figures.distribution(counted)}
    assert tiers == raw_counts.tiers(cards)


def tier_moves_are_the_ledgers(scope, span):
    moves = tier_figures.movement(scope=scope, span=span)
    found = {one.month: (one.ups, one.downs) for one in moves if one.ups or one.downs}
    assert found == raw_counts.tier_moves(scope.cards, span)


def kept():
    """Return all sums that the job keeps, without keys."""
    found = {}
    for model in (DayFact, MonthFact, DayHour, MonthHour, TierMove, ActiveMonth):
        names = [one.attname for one in model._meta.concrete_fields if one.attname != "id"]
        found[model.__name__] = sorted(model.objects.values_list(*names), key=repr)
    return found
