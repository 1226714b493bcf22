"""The dashboard's first page and its menu: figures, one chart, and what needs a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clubs.models import Partner
from loyalty.analytics import overview
from loyalty.analytics.overview import Beside
from loyalty.analytics.reading import SumsMovedError
from loyalty.analytics.spans import Step
from staff.admin import charts, figure_asks, tables
from staff.admin.charts import Chart, Series
from staff.admin.figure_pages import address, file_address
from staff.admin.figure_words import Figure, figure
from staff.admin.powers import EDITORS, EVERYONE, OWNERS, Powers, powers_of
from staff.admin.tables import Table
from staff.admin.tasks import first_steps, needed
from staff.admin.unfold_parts import NOTHING


def stylesheet(request: HttpRequest) -> str:
    """Return the address of our styles for the theme."""
    return static("css/admin.css")


def rules_stylesheet(request: HttpRequest) -> str:
    """Return the address of the styles of rules, after the others."""
    return static("css/admin-rules.css")


def favicon(request: HttpRequest) -> str:
    """Return the address of the icon in the browser's tab."""
    return static("icons/favicon.svg")


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return the context of the first page.

    :raises Http404: for a business that is not the person's.
    """
    powers = powers_of(request)
    now = timezone.now()
    offered = figure_asks.businesses(powers)
    partner = figure_asks.business_of(request, offered)
    may_edit = powers.has(EDITORS, partner.pk) if partner else False
    steps = first_steps(partner) if partner and may_edit else []
    return {
        **context,
        "title": partner.name if partner else _("Overview"),
        "businesses": [(one.pk, one.name) for one in offered] if len(offered) > 1 else [],
        "partner": partner,
        "story": story(powers, partner, now) if partner else None,
        "steps": steps if any(not step.is_done for step in steps) else [],
        "needed": needed(powers, now) if powers.has(EDITORS) else [],
        # A template cannot read the key "items" of a dictionary: that is its method.
        "menus": [
            {"title": group["title"], "links": group["items"]} for group in navigation(request)
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Four figures and a chart of the last days, or why there are none."""

    figures: Sequence[Figure] = ()
    chart: Chart | None = None
    file: str = ""
    zone: ZoneInfo
    at: datetime
    is_empty: bool = False
    is_moving: bool = False


def story(powers: Powers, partner: Partner, now: datetime) -> Story:
    """Return what happened lately at a business, out of the sums that are kept."""
    asked, zone = figure_asks.ask_lately(powers, partner, now, days=overview.DAYS), partner.zone()
    try:
        found = overview.overview(scope=asked.scope, at=now)
    except SumsMovedError:
        return Story(zone=zone, at=now, is_moving=True)
    if not found.members.now and not any(found.visits.values()):
        return Story(zone=zone, at=now, is_empty=True)
    words = _("in 7 days up to yesterday, counted once a day")
    rows = [
        (_("Members"), found.members, "overview", _("everybody who joined")),
        (_("Active members"), found.active, "habits", words),
        (_("Points given"), found.points, "overview", _("in 7 days")),
        (_("Rewards handed out"), found.rewards, "rewards", _("in 7 days")),
    ]
    days = figure_asks.ask_lately(powers, partner, now, days=len(found.visits))
    chart = visits(found.visits)
    return Story(
        figures=[
            _beside(label, one, words, address(slug, asked)) for label, one, slug, words in rows
        ],
        chart=chart,
        file=file_address("overview", chart.name, days) if days.may_take_away else "",
        zone=zone,
        at=now,
    )


def _beside(label: str, found: Beside | None, words: str, place: str) -> Figure:
    """Return a figure beside that of the days before, or that it was never counted."""
    if found is None:
        return Figure(label=label, text=NOTHING, help=words, address=place)
    return figure(label, found.now, found.before, help=words, address=place)


def visits(found: Mapping[date, int]) -> Chart:
    """Return the chart of what was done on each day, named as the file of the same."""
    title = _("Transactions in the last %(days)s days") % {"days": len(found)}
    series = Series(words=_("Transactions"), values=list(found.values()))
    return Chart(
        name="transactions",
        title=title,
        plot=charts.bars(list(found), Step.DAY, [series], on_axis=charts.counts_on_axis),
        table=Table(
            caption=title,
            columns=[tables.when(Step.DAY), tables.number(series.words)],
            rows=[
                [tables.moment(day, Step.DAY), tables.count(count)] for day, count in found.items()
            ],
        ),
        empty=_("Nothing in these days."),
    )


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
        gettext_lazy("Figures"),
        (
            Entry(words=gettext_lazy("All figures"), icon="monitoring", address="figures_overview"),
            Entry(
                words=gettext_lazy("What you owe"), icon="account_balance", address="figures_owed"
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
                words=gettext_lazy("Imports"),
                icon="upload_file",
                address="imports_upload_changelist",
                roles=EDITORS,
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
                roles=OWNERS,
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
    """Return the menu of the person's roles as the theme wants it, the entry of the page marked."""
    powers = powers_of(request)
    groups = (*MENU, MACHINE_MENU) if powers.is_all else MENU
    links = {
        entry.address: reverse(f"admin:{entry.address}")
        for _words, entries in groups
        for entry in entries
    }
    above = {link for link in links.values() if request.path.startswith(link)} - {links["index"]}
    here = max(above, key=len, default=request.path)
    return [
        {
            "title": words,
            "items": [
                {
                    "title": entry.words,
                    "icon": entry.icon,
                    "link": links[entry.address],
                    "active": links[entry.address] == here,
                }
                for entry in entries
                if powers.has(entry.roles)
            ],
        }
        for words, entries in groups
    ]
