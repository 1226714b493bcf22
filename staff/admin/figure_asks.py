"""What a page of figures is asked for: whose figures, over which days, as its address says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, F, Q, QuerySet, Value
from django.http import Http404, HttpRequest, QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.models import Card
from clubs.models import Club, Partner, Role, Store
from loyalty.analytics.reading import Scope
from loyalty.analytics.spans import DAY, Span
from loyalty.users.models import User
from loyalty.web.keys import LARGEST
from staff.admin.powers import EDITORS, EVERYONE, Powers, powers_of
from staff.admin.unfold_parts import dress

ALL, CLUB, CARD, STORE, PERSON = "all", "club", "card", "store", "person"
OWN_DAYS = "own"
PRESETS = (
    ("1", gettext_lazy("Today")),
    ("7", gettext_lazy("Last 7 days")),
    ("30", gettext_lazy("Last 30 days")),
    ("90", gettext_lazy("Last 90 days")),
    ("month", gettext_lazy("This month")),
    ("last-month", gettext_lazy("Last month")),
    ("365", gettext_lazy("Last 365 days")),
    (OWN_DAYS, gettext_lazy("Days of your choice")),
)
USUAL = "30"
# A chart of ten years has 120 months; before the first year there was no ledger.
MOST_DAYS = 3660
FIRST_DAY = date(2000, 1, 1)
# A list of more places than this is no list to choose from; their own addresses still open.
MOST_PLACES = 1000
MOST_BUSINESSES = 200
MOST_DIGITS = 19  # Of a key.


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A business, club, card, store or person; ``unit`` is what a card's points are called."""

    kind: str
    pk: int
    name: str
    unit: str = ""

    @property
    def key(self) -> str:
        """Return how an address names it."""
        return ALL if self.kind == ALL else f"{self.kind}-{self.pk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Whose figures, over which days; ``query`` says the same to a link.

    ``cards`` are the names of the business's cards, as far as they are offered.
    """

    powers: Powers
    partner: Partner
    place: Place
    scope: Scope
    span: Span
    at: datetime
    query: str
    cards: Mapping[int, str]

    @property
    def may_take_away(self) -> bool:
        """Return whether the person may take figures away as files, and see those of people."""
        return self.powers.has(EDITORS, self.partner.pk)

    @property
    def unit(self) -> str:
        """Return what points are called here: a card's own word, or ours for several cards."""
        return self.place.unit or _("points")

    @property
    def is_unfinished(self) -> bool:
        """Return whether it is about today too, which other days are longer than."""
        return self.span.until > self.at.astimezone(self.partner.zone()).date()

    def days(self) -> int:
        """Return how many days it is about."""
        return (self.span.until - self.span.first).days

    def with_place(self, kind: str, pk: int) -> str:
        """Return the query that asks the same of another place."""
        query = QueryDict(self.query, mutable=True)
        query["of"] = ALL if kind == ALL else f"{kind}-{pk}"
        return query.urlencode()


class AskForm(forms.Form):
    """The filters above the figures."""

    business = forms.ChoiceField(label=gettext_lazy("Business"), required=False)
    of = forms.ChoiceField(label=gettext_lazy("Figures of"), required=False)
    days = forms.ChoiceField(label=gettext_lazy("Days"), choices=PRESETS, required=False)
    first = forms.DateField(
        label=gettext_lazy("First day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        super().__init__(data)
        self.today = today
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Refuse days that are no span."""
        found = super().clean() or {}
        if found.get("days") == OWN_DAYS and not self.errors:
            for name in ("first", "last"):
                self._check_day(name, found.get(name))
            if not self.errors:
                self._check_length(found["first"], found["last"])
        return found

    def _check_day(self, name: str, value: date | None) -> None:
        if value is None:
            self.add_error(name, _("Choose a day."))
        elif value > self.today:
            self.add_error(name, _("This day is yet to come."))
        elif value < FIRST_DAY:
            self.add_error(name, _("Choose a day from 2000 on."))

    def _check_length(self, first: date, last: date) -> None:
        if last < first:
            self.add_error("last", _("The last day is before the first."))
        elif (last - first).days >= MOST_DAYS:
            self.add_error("last", _("Choose ten years at most."))

    def span(self) -> Span:
        """Return the days that were chosen."""
        asked, today = self.cleaned_data["days"], self.today
        this_month = today.replace(day=1)
        if asked == OWN_DAYS:
            return Span(first=self.cleaned_data["first"], until=self.cleaned_data["last"] + DAY)
        if asked == "month":
            return Span(first=this_month, until=today + DAY)
        if asked == "last-month":
            return Span(first=(this_month - DAY).replace(day=1), until=this_month)
        return Span(first=today - timedelta(days=int(asked) - 1), until=today + DAY)


def businesses(powers: Powers) -> list[Partner]:
    """Return the businesses whose figures the person may see, by name."""
    if powers.is_all:
        found = Partner.objects.filter(is_practice=False)
        return list(found.order_by("name", "pk")[:MOST_BUSINESSES])
    own = [manager.partner for manager in powers.managers.values()]
    return sorted(own, key=lambda partner: (partner.name, partner.pk))


def business_of(request: HttpRequest, offered: list[Partner]) -> Partner | None:
    """Return the business that the address names, else the first, else None.

    :raises Http404: if the person has no such business.
    """
    asked = request.GET.get("business")
    if not asked:
        return offered[0] if offered else None
    known = next((one for one in offered if str(one.pk) == asked), None)
    if known is None and powers_of(request).is_all and _is_key(asked):
        known = Partner.objects.filter(pk=asked).order_by("pk").first()
    if known is None:
        raise Http404
    return known


def ask(request: HttpRequest, roles: frozenset[Role] = EVERYONE) -> tuple[Ask | None, AskForm]:
    """Return what is asked for, or None if the days are no span; the form says why.

    :raises Http404: for a foreign business, club, card, store or person.
    :raises PermissionDenied: if the own business gave the person none of these roles, or none that
        covers the figures of one person.
    """
    powers, at = powers_of(request), timezone.now()
    offered = businesses(powers)
    partner = business_of(request, offered)
    if partner is None:
        raise Http404
    if not powers.has(roles, partner.pk):
        raise PermissionDenied
    places = _places(partner)
    place = _asked(request.GET.get("of") or ALL, partner, places)
    if place.kind == PERSON and not powers.has(EDITORS, partner.pk):
        raise PermissionDenied
    data = {
        "business": str(partner.pk),
        "of": place.key,
        "days": request.GET.get("days") or USUAL,
        "first": request.GET.get("first", ""),
        "last": request.GET.get("last", ""),
    }
    form = AskForm(data, today=at.astimezone(partner.zone()).date())
    _offer(form, offered, partner, places, place)
    if not form.is_valid():
        return None, form
    asked = Ask(
        powers=powers,
        partner=partner,
        place=place,
        scope=_scope(partner, place),
        span=form.span(),
        at=at,
        query=_query(data, has_choice=len(offered) > 1),
        cards={one.pk: one.name for one in places if one.kind == CARD},
    )
    return asked, form


def ask_lately(powers: Powers, partner: Partner, at: datetime, *, days: int) -> Ask:
    """Return what is asked for without any choice: the whole business, so many days up to today."""
    today = at.astimezone(partner.zone()).date()
    span = Span(first=today - timedelta(days=days - 1), until=today + DAY)
    data = {"business": str(partner.pk), "of": ALL, "days": str(days), "first": "", "last": ""}
    if str(days) not in dict(PRESETS):
        data |= {"days": OWN_DAYS, "first": str(span.first), "last": str(today)}
    place = Place(kind=ALL, pk=partner.pk, name=partner.name)
    return Ask(
        powers=powers,
        partner=partner,
        place=place,
        scope=_scope(partner, place),
        span=span,
        at=at,
        query=_query(data, has_choice=len(powers.managers) != 1),
        cards={},
    )


def span_words(span: Span) -> str:
    """Return the days of a span, such as 1 May to 31 May 2026."""
    last = span.until - DAY
    if last == span.first:
        return date_format(last, "j F Y")
    shape = "j F" if last.year == span.first.year else "j F Y"
    return f"{date_format(span.first, shape)} \u2013 {date_format(last, 'j F Y')}"


def _query(data: Mapping[str, str], *, has_choice: bool) -> str:
    """Return the query of links, without what would be so anyway."""
    usual = {"of": ALL, "days": USUAL, "first": "", "last": ""}
    if not has_choice:
        usual["business"] = data["business"]
    if data["days"] != OWN_DAYS:
        usual |= {name: data[name] for name in ("first", "last") if name in data}
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in data.items() if usual.get(name) != value})
    return query.urlencode()


def _is_key(text: str) -> bool:
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return is_number and int(text) <= LARGEST


def _places(partner: Partner) -> list[Place]:
    """Return the clubs, cards and stores of a business, in one statement."""
    unit = F("unit_many")
    rows = (
        _named(CLUB, Club.objects.filter(partner=partner)),
        _named(CARD, Card.objects.filter(partner=partner), unit),
        _named(STORE, Store.objects.filter(partner=partner)),
    )
    first, *others = rows
    found = first.union(*others, all=True).order_by("kind", "name", "pk")[:MOST_PLACES]
    return [Place(kind=kind, pk=pk, name=name, unit=unit) for kind, pk, name, unit in found]


def _named(kind: str, rows: QuerySet[Any], unit: Any = None) -> QuerySet[Any, Any]:
    nothing = Value("", output_field=CharField())
    named = rows.order_by().annotate(
        kind=Value(kind, output_field=CharField()), unit=unit or nothing
    )
    found: QuerySet[Any, Any] = named.values_list("kind", "pk", "name", "unit")
    return found


def _asked(key: str, partner: Partner, places: list[Place]) -> Place:
    """Return the place that an address names.

    :raises Http404: if the business has no such place.
    """
    if key == ALL:
        return Place(kind=ALL, pk=partner.pk, name=_("The whole business"))
    known = next((place for place in places if place.key == key), None)
    if known is not None:
        return known
    kind, _dash, pk = key.partition("-")
    if not _is_key(pk):
        raise Http404
    if kind == PERSON:
        return _person(int(pk), partner)
    return _beyond(kind, int(pk), partner)


def _person(pk: int, partner: Partner) -> Place:
    """Return somebody who works or worked for the business."""
    people = User.objects.filter(
        Q(staff_rows__partner=partner) | Q(manager_rows__partner=partner), pk=pk
    )
    person = people.order_by("pk").first()
    if person is None:
        raise Http404
    return Place(kind=PERSON, pk=pk, name=person.get_full_name())


def _beyond(kind: str, pk: int, partner: Partner) -> Place:
    """Return a place of the business that the list had no room for."""
    models: dict[str, Any] = {CLUB: Club, CARD: Card, STORE: Store}
    if kind not in models:
        raise Http404
    row = models[kind].objects.filter(partner=partner, pk=pk).order_by("pk").first()
    if row is None:
        raise Http404
    return Place(kind=kind, pk=pk, name=row.name, unit=getattr(row, "unit_many", ""))


def _scope(partner: Partner, place: Place) -> Scope:
    narrowed = {CLUB: {"club": place.pk}, CARD: {"pk": place.pk}}.get(place.kind, {})
    return Scope(
        partner=partner,
        cards=Card.objects.filter(partner=partner, **narrowed),
        store_id=place.pk if place.kind == STORE else None,
        actor_id=place.pk if place.kind == PERSON else None,
    )


def _offer(
    form: AskForm,
    offered: list[Partner],
    partner: Partner,
    places: list[Place],
    place: Place,
) -> None:
    """Put the choices into the form, the one that is made among them."""
    names = {one.pk: one.name for one in [*offered, partner]}
    form.fields["business"].choices = [(str(pk), name) for pk, name in names.items()]  # type: ignore[attr-defined]  # a ChoiceField
    if len(names) == 1:
        form.fields["business"].widget = forms.HiddenInput()
    groups: list[Any] = [(ALL, _("The whole business"))]
    for kind, words in ((CLUB, _("Clubs")), (CARD, _("Cards")), (STORE, _("Stores"))):
        found = [(one.key, one.name) for one in places if one.kind == kind]
        if found:
            groups.append((words, found))
    if place.kind != ALL and place not in places:
        groups.append((place.key, place.name))
    form.fields["of"].choices = groups  # type: ignore[attr-defined]  # a ChoiceField
