"""The dashboard's first page and its menu: figures, one chart, and what needs a person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clubs.models import Partner
from loyalty.ledger.models import Kind, Transaction
from loyalty.members.models import Member, VoucherStatus
from staff.admin.powers import EDITORS, EVERYONE, OWNERS, powers_of
from staff.admin.scoping import own_rows
from staff.admin.tasks import first_steps, needed

DAYS = 14
WEEK = timedelta(days=7)
CHART_HEIGHT = 120
EARNED = Q(points__gt=0) & ~Q(kind__in=[Kind.REVERSAL, Kind.TRANSFER, Kind.OPENING, Kind.VOUCHER])
HANDED_OUT = Q(kind=Kind.REDEMPTION) | Q(kind=Kind.VOUCHER, result__step=VoucherStatus.USED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of the last seven days beside that of the seven before."""

    label: str
    value: int
    before: int
    help: str

    @property
    def change(self) -> int:
        """Return the difference to the seven days before."""
        return self.value - self.before

    @property
    def direction(self) -> str:
        """Return up, down or same."""
        if self.change == 0:
            return "same"
        return "up" if self.change > 0 else "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day of the chart, in units of its drawing."""

    day: date
    count: int
    height: int
    x: int

    @property
    def y(self) -> int:
        """Return where the bar begins, from the top."""
        return CHART_HEIGHT - self.height


def stylesheet(request: HttpRequest) -> str:
    """Return the address of our styles for the theme."""
    return static("css/admin.css")


def favicon(request: HttpRequest) -> str:
    """Return the address of the icon in the browser's tab."""
    return static("icons/favicon.svg")


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first page."""
    powers = powers_of(request)
    now = timezone.now()
    partners = list(own_rows(Partner.objects.all(), powers, path="pk").order_by("name", "pk")[:2])
    only = partners[0] if len(partners) == 1 else None
    zone = partners[0].zone() if partners else ZoneInfo("UTC")
    deeds = own_rows(Transaction.objects.all(), powers)
    may_edit = powers.has(EDITORS)
    steps = first_steps(only) if only and may_edit else []
    return {
        **context,
        "title": only.name if only else _("Overview"),
        "figures": figures(deeds, own_rows(Member.objects.known(), powers), now),
        "bars": bars(deeds, now, zone),
        "chart_height": CHART_HEIGHT,
        "steps": steps if any(not step.is_done for step in steps) else [],
        "needed": needed(powers, now) if may_edit else [],
        # A template cannot read the key "items" of a dictionary: that is its method.
        "menus": [
            {"title": group["title"], "links": group["items"]} for group in navigation(request)
        ],
    }


def figures(deeds: Any, members: Any, now: datetime) -> list[Figure]:
    """Return the four figures; two statements."""
    week = Q(occurred_at__gt=now - WEEK)
    before = Q(occurred_at__lte=now - WEEK)
    recent = deeds.filter(occurred_at__gt=now - 2 * WEEK, occurred_at__lte=now)
    standing = Q(reversal__isnull=True)
    found = recent.aggregate(
        earned=Sum("points", filter=week & EARNED & standing),
        earned_before=Sum("points", filter=before & EARNED & standing),
        rewards=Count("pk", filter=week & HANDED_OUT & standing),
        rewards_before=Count("pk", filter=before & HANDED_OUT & standing),
        active=Count("membership", filter=week & ~Q(kind=Kind.EXPIRY), distinct=True),
        active_before=Count("membership", filter=before & ~Q(kind=Kind.EXPIRY), distinct=True),
    )
    everybody = members.aggregate(
        now=Count("pk"), before=Count("pk", filter=Q(joined_at__lte=now - WEEK))
    )
    rows = [
        (_("Members"), everybody["now"], everybody["before"], _("everybody with a card")),
        (_("Active members"), found["active"], found["active_before"], _("in 7 days")),
        (_("Points given"), found["earned"], found["earned_before"], _("in 7 days")),
        (_("Rewards handed out"), found["rewards"], found["rewards_before"], _("in 7 days")),
    ]
    return [
        Figure(label=label, value=value or 0, before=past or 0, help=words)
        for label, value, past, words in rows
    ]


def bars(deeds: Any, now: datetime, zone: ZoneInfo) -> list[Bar]:
    """Return the visits of the last fourteen days, day by day; one statement."""
    today = timezone.localtime(now, zone).date()
    first = today - timedelta(days=DAYS - 1)
    since = datetime.combine(first, datetime.min.time(), tzinfo=zone)
    kinds = [Kind.PURCHASE, Kind.BUY, Kind.POINTS, Kind.REDEMPTION]
    rows = (
        deeds.filter(occurred_at__gte=since, kind__in=kinds, reversal__isnull=True)
        .annotate(day=TruncDate("occurred_at", tzinfo=zone))
        .values("day")
        .annotate(found=Count("pk"))
        .order_by("day")
    )
    counts = {row["day"]: row["found"] for row in rows}
    top = max([*counts.values(), 1])
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [
        Bar(
            day=day,
            count=counts.get(day, 0),
            height=counts.get(day, 0) * CHART_HEIGHT // top,
            x=number * 20,
        )
        for number, day in enumerate(days)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu: where it leads and which roles see it."""

    words: Any
    icon: str
    address: str
    roles: frozenset[Any] = EVERYONE


MENU: tuple[tuple[Any, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry(words=gettext_lazy("Overview"), icon="home", address="index"),
            Entry(
                words=gettext_lazy("Members"),
                icon="group",
                address="members_membership_changelist",
            ),
            Entry(
                words=gettext_lazy("Groups"),
                icon="family_restroom",
                address="members_membershipgroup_changelist",
            ),
            Entry(
                words=gettext_lazy("Signals"),
                icon="visibility",
                address="analytics_signal_changelist",
                roles=EDITORS,
            ),
        ),
    ),
    (
        gettext_lazy("What you offer"),
        (
            Entry(words=gettext_lazy("Cards"), icon="credit_card", address="cards_card_changelist"),
            Entry(words=gettext_lazy("Rewards"), icon="redeem", address="cards_reward_changelist"),
        ),
    ),
    (
        gettext_lazy("More rules"),
        (
            Entry(words=gettext_lazy("Plans"), icon="rule", address="cards_plan_changelist"),
            Entry(
                words=gettext_lazy("Expiry rules"),
                icon="hourglass_bottom",
                address="cards_expiryrule_changelist",
            ),
            Entry(
                words=gettext_lazy("Special days"),
                icon="event",
                address="cards_specialday_changelist",
            ),
            Entry(
                words=gettext_lazy("Referral"),
                icon="group_add",
                address="cards_referralrule_changelist",
            ),
            Entry(
                words=gettext_lazy("Milestones"),
                icon="flag",
                address="cards_milestonerule_changelist",
            ),
        ),
    ),
    (
        gettext_lazy("Codes of your tills"),
        (
            Entry(
                words=gettext_lazy("Products"),
                icon="sell",
                address="cards_product_changelist",
            ),
            Entry(
                words=gettext_lazy("Product groups"),
                icon="category",
                address="cards_productgroup_changelist",
            ),
            Entry(
                words=gettext_lazy("Customer groups"),
                icon="groups",
                address="cards_customergroup_changelist",
            ),
            Entry(
                words=gettext_lazy("Tenders"),
                icon="payments",
                address="cards_tender_changelist",
            ),
            Entry(words=gettext_lazy("Tags"), icon="label", address="cards_tag_changelist"),
        ),
    ),
    (
        gettext_lazy("Where and who"),
        (
            Entry(words=gettext_lazy("Clubs"), icon="workspaces", address="clubs_club_changelist"),
            Entry(
                words=gettext_lazy("Stores"), icon="storefront", address="clubs_store_changelist"
            ),
            Entry(
                words=gettext_lazy("Staff"),
                icon="badge",
                address="clubs_staffmember_changelist",
                roles=EDITORS,
            ),
            Entry(
                words=gettext_lazy("Managers"),
                icon="shield_person",
                address="clubs_manager_changelist",
                roles=OWNERS,
            ),
            Entry(
                words=gettext_lazy("Business"),
                icon="business",
                address="clubs_partner_changelist",
                roles=OWNERS,
            ),
        ),
    ),
    (
        gettext_lazy("Books"),
        (
            Entry(
                words=gettext_lazy("Transactions"),
                icon="receipt_long",
                address="ledger_transaction_changelist",
            ),
            Entry(
                words=gettext_lazy("Waiting refunds"),
                icon="hourglass_top",
                address="ledger_parkedrefund_changelist",
            ),
            Entry(
                words=gettext_lazy("Waiting adjustments"),
                icon="approval",
                address="ledger_waitingadjustment_changelist",
            ),
            Entry(
                words=gettext_lazy("Entries"),
                icon="swap_vert",
                address="ledger_entry_changelist",
                roles=EDITORS,
            ),
            Entry(
                words=gettext_lazy("Lots"),
                icon="layers",
                address="ledger_lot_changelist",
                roles=EDITORS,
            ),
            Entry(
                words=gettext_lazy("Changes"),
                icon="history",
                address="audit_auditevent_changelist",
                roles=EDITORS,
            ),
        ),
    ),
)
MACHINE_MENU = (
    gettext_lazy("Machine"),
    (
        Entry(words=gettext_lazy("People"), icon="person", address="users_user_changelist"),
        Entry(words=gettext_lazy("Jobs"), icon="deployed_code", address="jobs_job_changelist"),
        Entry(
            words=gettext_lazy("Failed tasks"),
            icon="error",
            address="django_q_failure_changelist",
        ),
        Entry(
            words=gettext_lazy("Schedules"),
            icon="schedule",
            address="django_q_schedule_changelist",
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu of the person's roles, as the theme wants it."""
    powers = powers_of(request)
    groups = (*MENU, MACHINE_MENU) if powers.is_all else MENU
    return [
        {
            "title": words,
            "items": [
                {
                    "title": entry.words,
                    "icon": entry.icon,
                    "link": reverse(f"admin:{entry.address}"),
                }
                for entry in entries
                if powers.has(entry.roles)
            ],
        }
        for words, entries in groups
    ]
