"""The first page of a shift: one big scan button, and the members of the last days (R8)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clubs.access import StoreNotFoundError, clubs_for_staff, store_for_staff, stores_for_staff
from clubs.models import Club, Store
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import Member, Scan, ScanOutcome
from loyalty.operations import practice
from loyalty.users.models import User
from loyalty.web.requests import STORE_KEY, signed_in
from staff import devices
from staff.doors import counter_page
from staff.forms import SearchForm, StoreForm
from staff.pages import page

# What counts as having given a member points or rewards.
GIVING_KINDS = (Kind.PURCHASE, Kind.POINTS, Kind.ADJUSTMENT, Kind.REDEMPTION, Kind.VOUCHER)
MOST_ROWS = 60  # A week of a busy counter is longer than a list anybody reads.


Touch = TypeVar("Touch", Transaction, Scan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent(Generic[Touch]):
    """A member of the last days, and the last deed or scan on each card, the newest first."""

    member: Member
    touched: list[Touch]


@counter_page
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show the scan button, the search, and whom this person served in the last days. R8."""
    user, now = signed_in(request), timezone.now()
    stores = list(stores_for_staff(user=user))
    clubs = {store.club for store in stores} or set(clubs_for_staff(user=user))
    if not clubs:
        raise Http404
    store = _store_of_today(request, stores)
    since = now - timedelta(days=settings.RECENT_MEMBERS_DAYS)
    given = list(_last_given(user, since))
    scanned = _last_scanned(user, since, [deed.membership_id for deed in given])
    context = {
        "stores": stores,
        "must_choose": store is None and len(stores) > 1,
        "days": settings.RECENT_MEMBERS_DAYS,
        "served": _by_member(given),
        "scanned": _by_member(list(scanned)),
        "search": SearchForm(),
        "is_new": _is_new(user),
    }
    club = None if store else _only(clubs)
    response = page(request, "staff/home.html", context, store=store, club=club)
    devices.remember(request, response)
    return response


def _is_new(user: User) -> bool:
    """Return whether the person has not done in practice yet what the guide shows. FA16."""
    done = practice.steps_done(user_id=user.pk, clubs=clubs_for_staff(user=user))
    return not practice.is_finished(done)


def _only(clubs: set[Club]) -> Club | None:
    return next(iter(clubs)) if len(clubs) == 1 else None


def _store_of_today(request: HttpRequest, stores: list[Store]) -> Store | None:
    """Return the store chosen for this session; where there is one only, nobody has to choose."""
    chosen = request.session.get(STORE_KEY)
    if len(stores) == 1 and chosen != stores[0].pk:
        request.session[STORE_KEY] = chosen = stores[0].pk
    return next((store for store in stores if store.pk == chosen), None)


def _last_given(user: User, since: datetime) -> QuerySet[Transaction]:
    """Return the person's last standing deed on each card, the newest first."""
    last = (
        Transaction.objects.filter(
            actor=user,
            source=Source.SCAN,
            kind__in=GIVING_KINDS,
            caused_by=None,
            reversal__isnull=True,
            occurred_at__gte=since,
            card__club__in=Club.objects.staffed_by(user.pk),
        )
        .order_by()
        .values("membership")
        .annotate(last=Max("pk"))
        .values("last")
    )
    deeds = Transaction.objects.filter(pk__in=last).select_related(
        "membership__member", "card__partner", "store"
    )
    return deeds.order_by("-occurred_at", "-pk")[:MOST_ROWS]


def _last_scanned(user: User, since: datetime, but: list[int | None]) -> QuerySet[Scan]:
    """Return the person's last scan of each other card, the newest first."""
    last = (
        Scan.objects.filter(
            staff=user,
            outcome__in=[ScanOutcome.OK, ScanOutcome.STALE],
            scanned_at__gte=since,
            membership__card__club__in=Club.objects.staffed_by(user.pk),
        )
        .exclude(membership__in=but)
        .order_by()
        .values("membership")
        .annotate(last=Max("pk"))
        .values("last")
    )
    scans = Scan.objects.filter(pk__in=last).select_related("membership__member", "card__partner")
    return scans.order_by("-scanned_at", "-pk")[:MOST_ROWS]


def _by_member(rows: list[Touch]) -> list[Recent[Touch]]:
    """Return the rows grouped by member, in the order of each member's newest row."""
    found: dict[int, Recent[Touch]] = {}
    for row in rows:
        assert row.membership  # noqa: S101 - the queries ask for it
        member = row.membership.member
        found.setdefault(member.pk, Recent(member=member, touched=[])).touched.append(row)
    return list(found.values())


@counter_page
@require_POST
def choose_store(request: HttpRequest) -> HttpResponse:
    """Remember in which store the person works today."""
    form = StoreForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of your stores."))
        return redirect("staff:home")
    try:
        store = store_for_staff(user=signed_in(request), store_id=form.cleaned_data["store"])
    except StoreNotFoundError as error:
        raise Http404 from error
    request.session[STORE_KEY] = store.pk
    return redirect("staff:home")
