"""What the list of customers is narrowed by: one search box and its filters (CU6)."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from cards.models import Card, Tag, Tier
from clubs.models import Club
from loyalty.exports.narrowing import GUEST, MEMBER
from loyalty.members.models import MembershipStatus
from staff.admin.powers import EVERYONE, Powers
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import dress

MOST_SEARCHED = 100  # Longer than any name, e-mail or number.
STATES = [
    (MEMBER, _("member")),
    (GUEST, _("guest")),
    (MembershipStatus.REMOVED.value, _("removed")),
    (MembershipStatus.BLOCKED.value, _("blocked")),
]
# So many days; a minus means that nothing happened since.
SPANS = [
    ("7", _("in the last 7 days")),
    ("30", _("in the last 30 days")),
    ("90", _("in the last 90 days")),
    ("-30", _("not for 30 days")),
    ("-90", _("not for 90 days")),
    ("-180", _("not for 180 days")),
    ("-365", _("not for a year")),
]
ANY = [("", _("any"))]
_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class CustomersForm(forms.Form):
    """A search and its filters; each is optional, and all that are given hold together."""

    q = forms.CharField(
        label=_("search"),
        required=False,
        max_length=MOST_SEARCHED,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "autofocus": True,
                "placeholder": _("Name, phone, e-mail or card number"),
            }
        ),
    )
    state = forms.ChoiceField(label=_("status"), required=False, choices=[*ANY, *STATES])
    card = forms.ModelChoiceField(
        label=_("card"), required=False, queryset=Card.objects.none(), empty_label=_("any")
    )
    club = forms.ModelChoiceField(
        label=_("club"), required=False, queryset=Club.objects.none(), empty_label=_("any")
    )
    tier = forms.ModelChoiceField(
        label=_("tier"), required=False, queryset=Tier.objects.none(), empty_label=_("any")
    )
    tag = forms.ModelChoiceField(
        label=_("tag"), required=False, queryset=Tag.objects.none(), empty_label=_("any")
    )
    active = forms.ChoiceField(label=_("active"), required=False, choices=[*ANY, *SPANS])
    used = forms.ChoiceField(
        label=_("used the card"),
        required=False,
        choices=[*ANY, ("yes", _("Yes")), ("no", _("Not yet"))],
    )
    birth_month = forms.TypedChoiceField(
        label=_("birthday in"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[*ANY, *MONTHS.items()],
    )
    least = forms.IntegerField(label=_("points from"), required=False, min_value=0)
    most = forms.IntegerField(label=_("points to"), required=False, min_value=0)
    joined_from = forms.DateField(label=_("joined from"), required=False, widget=_DAY)
    joined_to = forms.DateField(label=_("joined to"), required=False, widget=_DAY)

    def __init__(self, *args: Any, powers: Powers, **kwargs: Any) -> None:
        """Offer the rows of the person's own businesses."""
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("card", own_rows(Card.objects.order_by("name", "pk"), powers, EVERYONE)),
            ("club", own_rows(Club.objects.order_by("name", "pk"), powers, EVERYONE)),
            ("tier", own_rows(Tier.objects.order_by("card", "min_value"), powers, EVERYONE)),
            ("tag", own_rows(Tag.objects.filter(archived_at=None), powers, EVERYONE)),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
            field.queryset = rows
        dress(self)

    def clean(self) -> dict[str, Any]:
        """Refuse spans that end before they begin."""
        super().clean()
        given = self.cleaned_data
        for start, end, words in (
            ("least", "most", _("This is less than the other bound.")),
            ("joined_from", "joined_to", _("This day is before the other one.")),
        ):
            if (
                given.get(start) is not None
                and given.get(end) is not None
                and given[start] > given[end]
            ):
                self.add_error(end, ValidationError(words, code="order"))
        return given

    def chosen(self) -> list[tuple[str, str]]:
        """Return the filters that are set, each with the words of its value."""
        given = getattr(self, "cleaned_data", {})
        return [
            (str(self.fields[name].label), self._words(name, value))
            for name, value in given.items()
            if name != "q" and value not in {None, ""}
        ]

    def _words(self, name: str, value: Any) -> str:
        if isinstance(value, date):
            return date_format(value, "DATE_FORMAT")
        choices = getattr(self.fields[name], "choices", None)
        if choices is None or hasattr(value, "pk"):
            return str(value)
        return str(dict(choices).get(self.data.get(name), value))
