"""For which object of a side the routes of each model of the dashboard are asked."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from cards.models import (
    CustomerGroup,
    ExpiryRule,
    MilestoneRule,
    Product,
    ProductGroup,
    ReferralRule,
    SpecialDay,
    Tag,
    Tender,
)
from clubs.models import Manager, StaffMember
from loyalty.analytics.models import Signal
from loyalty.audit.models import AuditEvent
from loyalty.jobs.models import Job
from loyalty.ledger.models import Entry, Lot
from tests.matrix.world import Side

Arguments = Callable[[Side], dict[str, Any]]
# Master data is archived; the other rules of a card are rows of its draft and may go.
MASTERS = (CustomerGroup, Product, ProductGroup, Tag, Tender)
RULES = (ExpiryRule, MilestoneRule, ReferralRule, SpecialDay)


def of(find: Callable[[Side], Any]) -> Arguments:
    """Return how a route is asked for what is found of a side."""
    return lambda side: {"object_id": find(side).pk}


def _signal(side: Side) -> Signal:
    facts = {"actor": side.staff, "membership": side.membership, "day": timezone.localdate()}
    numbers = {"count": 3, "minutes": 9, "points": 30}
    return Signal.objects.get_or_create(
        partner=side.partner,
        key="matrix",
        defaults={**facts, "kind": "MANY_AWARDS", "facts": numbers, "found_at": timezone.now()},
    )[0]


def first(model):
    """Return who finds a side's first row of a model."""
    return of(lambda side: model.objects.filter(partner=side.partner).order_by("pk")[0])


def with_signal(side: Side) -> dict[str, Any]:
    """Give a side its signal, for a page that asks for none by its key."""
    _signal(side)
    return {}


def _of_account(model: Any, side: Side) -> Any:
    return model.objects.filter(account=side.membership.account).order_by("pk")[0]


OBJECTS: dict[str, Arguments] = {
    "analytics_signal": of(_signal),
    "audit_auditevent": of(
        lambda side: AuditEvent.objects.filter(partner_id=side.partner.pk).order_by("pk")[0]
    ),
    "cards_card": of(lambda side: side.card),
    "cards_plan": of(lambda side: side.plan),
    "cards_reward": of(lambda side: side.reward),
    "clubs_club": of(lambda side: side.club),
    "clubs_manager": of(lambda side: Manager.objects.get(user=side.support)),
    "clubs_partner": of(lambda side: side.partner),
    "clubs_staffmember": of(lambda side: StaffMember.objects.get(user=side.staff)),
    "clubs_store": of(lambda side: side.store),
    "ledger_entry": of(lambda side: _of_account(Entry, side)),
    "ledger_lot": of(lambda side: _of_account(Lot, side)),
    "ledger_parkedrefund": of(lambda side: side.parked),
    "ledger_transaction": of(lambda side: side.purchase),
    "imports_upload": of(lambda side: side.upload),
    "ledger_waitingadjustment": of(lambda side: side.waiting),
    "members_membership": of(lambda side: side.membership),
    "members_membershipgroup": of(lambda side: side.group),
    "users_user": of(lambda side: side.member),
    "jobs_job": of(lambda _side: Job.objects.get_or_create(key="matrix", name="matrix")[0]),
    "django_q_failure": lambda _side: {"object_id": "none"},
    "django_q_schedule": lambda _side: {"object_id": 1},
}
OBJECTS |= {f"cards_{model._meta.model_name}": first(model) for model in (*MASTERS, *RULES)}
