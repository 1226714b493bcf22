"""The end-of-day slip: what each person did in a store on one day, on paper."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from clubs.access import StoreNotFoundError, store_for_staff, stores_for_staff
from clubs.models import Store
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import VoucherStatus
from loyalty.web.requests import STORE_KEY, signed_in
from staff.doors import staff_page
from staff.forms import SlipForm
from staff.pages import page

FIRST_DAY = date(2000, 1, 1)  # Before any deed, and far from the end of the calendar.
_STANDS = Q(reversal__isnull=True)
_HANDED_OUT = Q(kind=Kind.REDEMPTION) | Q(kind=Kind.VOUCHER, result__step=VoucherStatus.USED)
_COLUMNS = ("deeds", "given", "rewards", "undone")


@staff_page
@require_GET
def slip(request: HttpRequest) -> HttpResponse:
    """Show the deeds, points, rewards and undos of each person in one store on one day."""
    asked = SlipForm(request.GET)
    asked.is_valid()
    stores = list(stores_for_staff(user=signed_in(request)))
    store = _store(request, stores, asked.cleaned_data.get("store"))
    if store is None:
        return page(request, "staff/slip.html", {"stores": stores})
    zone = store.partner.zone()
    today = timezone.localtime(timezone.now(), zone).date()
    day = max(min(asked.cleaned_data.get("date") or today, today), FIRST_DAY)
    rows = [dict(row) for row in _per_person(store, day, zone)]
    context = {
        "store": store,
        "stores": stores,
        "day": day,
        "former": day - timedelta(days=1) if day > FIRST_DAY else None,
        "following": day + timedelta(days=1) if day < today else None,
        "is_today": day == today,
        "rows": rows,
        "together": {name: sum(row[name] for row in rows) for name in _COLUMNS},
    }
    return page(request, "staff/slip.html", context, store=store)


def _store(request: HttpRequest, stores: list[Store], asked_id: int | None) -> Store | None:
    """Return the store asked for, else the one of today, else the only one.

    :raises Http404: if the one asked for is not theirs.
    """
    if asked_id is not None:
        try:
            return store_for_staff(user=signed_in(request), store_id=asked_id)
        except StoreNotFoundError as error:
            raise Http404 from error
    chosen = request.session.get(STORE_KEY)
    of_today = next((store for store in stores if store.pk == chosen), None)
    return of_today or (stores[0] if len(stores) == 1 else None)


def _per_person(store: Store, day: date, zone: ZoneInfo) -> QuerySet[Transaction, dict[str, Any]]:
    """Return one row a person; points and rewards count while they stand."""
    start = datetime.combine(day, time.min, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    deeds = Transaction.objects.filter(
        store=store, source=Source.SCAN, occurred_at__gte=start, occurred_at__lt=end
    )
    own = Q(caused_by=None)
    return (
        deeds.order_by()
        .values("actor_id", "actor__name", "actor__email")
        .annotate(
            deeds=Count("pk", filter=own & ~Q(kind=Kind.REVERSAL)),
            given=Coalesce(
                Sum("points", filter=_STANDS & ~Q(kind=Kind.REVERSAL) & Q(points__gt=0)), 0
            ),
            rewards=Count("pk", filter=_STANDS & _HANDED_OUT),
            undone=Count("pk", filter=own & Q(kind=Kind.REVERSAL)),
        )
        .order_by("actor__name", "actor_id")
    )
