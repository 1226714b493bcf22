"""What the audit log is narrowed by: who, what, and days."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from loyalty.users.models import User
from staff.admin.audit_words import kind_words
from staff.admin.forms_signals import ANY, PersonField
from staff.admin.powers import OWNERS, Powers
from staff.admin.unfold_parts import dress

# What can be asked for by itself, in the order of the menu.
KINDS = (
    "members.member",
    "members.membership",
    "members.membershipgroup",
    "ledger.transaction",
    "ledger.waitingadjustment",
    "ledger.parkedrefund",
    "cards.card",
    "cards.tier",
    "cards.reward",
    "cards.plan",
    "cards.planline",
    "clubs.club",
    "clubs.store",
    "clubs.staffmember",
    "clubs.manager",
    "clubs.partner",
)


class AuditForm(forms.Form):
    """Which events to show."""

    person = PersonField(
        label=_("who"), required=False, queryset=User.objects.none(), empty_label=_("any")
    )
    kind = forms.ChoiceField(label=_("what"), required=False, choices=ANY)
    first = forms.DateField(
        label=_("from"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label=_("to"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, powers: Powers, **kwargs: Any) -> None:
        """Offer the people who work for the own businesses, and what they change."""
        super().__init__(*args, **kwargs)
        person, kind = self.fields["person"], self.fields["kind"]
        assert isinstance(person, forms.ModelChoiceField)  # noqa: S101 - declared above
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - declared above
        own = powers.partner_ids(OWNERS)
        works = Q(manager_rows__partner__in=own) | Q(staff_rows__partner__in=own)
        if powers.is_all:
            works = Q(manager_rows__isnull=False) | Q(staff_rows__isnull=False)
        ids = User.objects.filter(works).values("pk")
        person.queryset = User.objects.filter(pk__in=ids).order_by("name", "pk")
        kind.choices = [*ANY, *((name, capfirst(kind_words(name))) for name in KINDS)]
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Refuse days that end before they begin."""
        given: dict[str, Any] = super().clean() or {}
        first, last = given.get("first"), given.get("last")
        if first and last and first > last:
            self.add_error("last", _("This day is before the first."))
        return given

    def wanted(self, zone: ZoneInfo) -> Q:
        """Return the filter that a valid form means; days are those of ``zone``."""
        given, found = self.cleaned_data, Q()
        if given["person"]:
            found &= Q(actor_id=given["person"].pk)
        if given["kind"]:
            found &= Q(kind=given["kind"])
        if given["first"]:
            found &= Q(recorded_at__gte=datetime.combine(given["first"], time.min, tzinfo=zone))
        if given["last"]:
            end = datetime.combine(given["last"] + timedelta(days=1), time.min, tzinfo=zone)
            found &= Q(recorded_at__lt=end)
        return found
