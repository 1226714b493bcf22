"""What needs a person: the first steps of a new business, and what is about to go wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.models import Card, CardStatus, Reward, RewardStatus
from clubs.models import Partner, PlaceStatus, StaffMember, Store
from loyalty.analytics.models import Signal, SignalState
from loyalty.audit.models import AuditEvent
from loyalty.ledger.models import WaitingAdjustment
from staff.admin import quotas
from staff.admin.poster_pages import PRINTED
from staff.admin.powers import EDITORS, OWNERS, Powers
from staff.admin.scoping import own_rows

SOON = timedelta(days=7)
MOST_TASKS = 10
MOST_COUNTED = 100
NEARLY = 9  # Tenths of a stock from which it is worth a word.
# Staff at work, and those who have yet to accept; not those who were switched off.
EMPLOYED = Q(is_active=True) | Q(invited_until__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, where, and whether it is done."""

    words: str
    address: str
    is_done: bool = False
    help: str = ""


def first_steps(partner: Partner) -> list[Step]:
    """Return the way from a new business to its first member; each step ticks itself off."""
    cards = Card.objects.filter(partner=partner).exclude(status=CardStatus.ARCHIVED)
    card = cards.order_by("pk").first()
    card_page = reverse("admin:cards_card_change", args=[card.pk]) if card else ""
    posters = reverse("admin:cards_card_posters", args=[card.pk]) if card else ""
    add_card = reverse("admin:cards_card_add")
    return [
        Step(
            words=_("Add a store"),
            help=_("A place with a till."),
            address=reverse("admin:clubs_store_add"),
            is_done=Store.objects.filter(partner=partner, status=PlaceStatus.ACTIVE).exists(),
        ),
        Step(
            words=_("Add a reward"),
            help=_("What members save for."),
            address=card_page or add_card,
            is_done=Reward.objects.filter(partner=partner, status=RewardStatus.ACTIVE).exists(),
        ),
        Step(
            words=_("Publish the card"),
            help=_("Set its status to active and save."),
            address=card_page or add_card,
            is_done=cards.filter(status=CardStatus.ACTIVE).exists(),
        ),
        Step(
            words=_("Invite staff"),
            help=_("They scan and hand out rewards."),
            address=reverse("admin:clubs_staffmember_add"),
            is_done=StaffMember.objects.filter(EMPLOYED, partner=partner).exists(),
        ),
        Step(
            words=_("Print the poster"),
            help=_("People join by its code."),
            address=posters or add_card,
            is_done=AuditEvent.objects.filter(partner_id=partner.pk, action=PRINTED).exists(),
        ),
    ]


def needed(powers: Powers, now: datetime) -> list[Step]:
    """Return what needs a person soon: answers, signals, ends, empty stocks, nearly full quotas."""
    found = [
        *_waiting(powers, now),
        *_signals(powers),
        *_cards(powers, now),
        *_rewards(powers),
        *_quotas(powers, now),
    ]
    return found[:MOST_TASKS]


def _waiting(powers: Powers, now: datetime) -> list[Step]:
    """Return one line for all adjustments that this person can answer (CU3)."""
    rows = own_rows(WaitingAdjustment.objects.all(), powers, EDITORS)
    open_rows = rows.filter(answer="", expires_at__gt=now)
    count = open_rows.exclude(asked_by=powers.user).count()
    if not count:
        return []
    words = ngettext(
        "%(count)s adjustment waits for your answer",
        "%(count)s adjustments wait for your answer",
        count,
    )
    return [
        Step(
            words=words % {"count": count},
            help=_("A colleague asks for more than their limit allows."),
            address=reverse("admin:ledger_waitingadjustment_changelist"),
        )
    ]


def _signals(powers: Powers) -> list[Step]:
    """Return how many signals nobody has looked at, counted as far as anybody reads on."""
    signals = own_rows(Signal.objects.filter(state=SignalState.OPEN), powers, EDITORS)
    found = signals.order_by()[:MOST_COUNTED].count()
    if not found:
        return []
    words = ngettext(
        "%(count)s signal is worth a look", "%(count)s signals are worth a look", found
    )
    return [
        Step(
            words=words % {"count": found if found < MOST_COUNTED else f"{found}+"},
            help=_("Patterns in bookings and scans, each with its plain reason."),
            address=reverse("admin:analytics_signal_changelist"),
        )
    ]


def _cards(powers: Powers, now: datetime) -> list[Step]:
    cards = own_rows(Card.objects.all(), powers).filter(status=CardStatus.ACTIVE)
    ending = cards.filter(valid_until__gt=now, valid_until__lte=now + SOON)
    return [
        Step(
            words=_("%(card)s ends soon") % {"card": card.name},
            help=_("Set a later end, or tell your members."),
            address=reverse("admin:cards_card_change", args=[card.pk]),
        )
        for card in ending.order_by("valid_until", "pk")[:MOST_TASKS]
    ]


def _rewards(powers: Powers) -> list[Step]:
    scarce = (
        own_rows(Reward.objects.all(), powers)
        .filter(status=RewardStatus.ACTIVE, stock__isnull=False)
        .filter(counter__issued__gt=0, counter__issued__gte=F("stock") * NEARLY / 10)
        .select_related("counter")
        .order_by("pk")[:MOST_TASKS]
    )
    return [
        Step(
            words=_("%(reward)s: %(left)s left")
            % {"reward": reward.name, "left": max(0, (reward.stock or 0) - reward.counter.issued)},
            help=_("Add pieces, or pause the reward."),
            address=reverse("admin:cards_reward_change", args=[reward.pk]),
        )
        for reward in scarce
    ]


def _quotas(powers: Powers, now: datetime) -> list[Step]:
    is_limited = Q(*((f"{quota}__isnull", False) for quota in quotas.WORDS), _connector=Q.OR)
    found = own_rows(Partner.objects.all(), powers, OWNERS, "pk").filter(is_limited)
    partners = list(found.order_by("pk")[:MOST_TASKS])
    # What is not limited is not counted either: a business may have a million members.
    limited = [q for q in quotas.WORDS if any(getattr(one, q) is not None for one in partners)]
    return [
        Step(
            words=use.words,
            help=use.warning,
            address=reverse("admin:clubs_partner_change", args=[use.partner.pk]),
        )
        for use in quotas.uses(partners, at=now, quotas=limited)
        if use.is_near
    ]
