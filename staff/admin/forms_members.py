"""Forms of members: registering one, and what is kept of them beside name and contact."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.dates import MONTHS
from django.utils.translation import gettext_lazy as _

from cards.models import Card, CustomerGroup, NumberMode
from loyalty.members.models import Member
from loyalty.operations.birthdays import Birthday, NotADayError
from loyalty.operations.members import PersonalFacts
from staff.admin.forms_account import DeedForm
from staff.admin.unfold_parts import dress
from staff.forms import EnrolForm

FIRST_YEAR = 1900
LAST_DAY = 31
FACTS = ("birth_day", "birth_month", "birth_year", "anniversary", "customer_group")


class FactsFields(forms.Form):
    """Birthday with or without its year, anniversary, and customer group (IV6.1, IV9.6)."""

    birth_day = forms.IntegerField(label=_("day"), required=False, min_value=1, max_value=LAST_DAY)
    birth_month = forms.TypedChoiceField(
        label=_("month"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("month")), *MONTHS.items()],
    )
    birth_year = forms.IntegerField(label=_("year"), required=False, min_value=FIRST_YEAR)
    anniversary = forms.DateField(
        label=_("anniversary"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    customer_group = forms.ModelChoiceField(
        label=_("customer group"),
        queryset=CustomerGroup.objects.none(),
        required=False,
        empty_label=_("none"),
    )

    def offer_groups(self, partner_ids: Sequence[int], kept_id: int | None = None) -> None:
        """Offer the groups in use of these businesses, and the one that the member is in."""
        field = self.fields["customer_group"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        in_use = Q(partner__in=partner_ids, archived_at=None)
        field.queryset = CustomerGroup.objects.filter(in_use | Q(pk=kept_id)).order_by("code", "pk")

    def clean(self) -> dict[str, Any]:
        """Refuse half a birthday, and one that the calendar does not have."""
        super().clean()
        given = self.cleaned_data
        if {"birth_day", "birth_month", "birth_year"} & set(self.errors):
            return given
        day, month, year = (given.get(f"birth_{part}") for part in ("day", "month", "year"))
        if any((day, month, year)) and not (day and month):
            words = _("Type day and month; the year may stay empty.")
            self.add_error("birth_day", ValidationError(words, code="half"))
        elif day and month:
            try:
                Birthday(day=day, month=month, year=year).as_date()
            except NotADayError:
                words = _("There is no such day in the calendar.")
                self.add_error("birth_day", ValidationError(words, code="day"))
        return given

    def birthday_parts(self) -> list[forms.BoundField]:
        """Return the three fields that ask for the birthday."""
        return [self[name] for name in FACTS[:3]]

    def birthday(self) -> Birthday | None:
        """Return the birthday that was typed."""
        given = self.cleaned_data
        if not given["birth_day"]:
            return None
        return Birthday(
            day=given["birth_day"], month=given["birth_month"], year=given["birth_year"]
        )

    def group_id(self) -> int | None:
        """Return the group that was chosen."""
        group: CustomerGroup | None = self.cleaned_data["customer_group"]
        return group.pk if group else None

    def anniversary_day(self) -> date | None:
        """Return the anniversary that was typed."""
        day: date | None = self.cleaned_data["anniversary"]
        return day


class FactsForm(FactsFields, DeedForm):
    """What is kept of a member beside name and contact."""

    field_order = ("request_id", *FACTS)

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(member, name) for name in FACTS}
        super().__init__(*args, **kwargs)
        self.offer_groups([member.partner_id], member.customer_group_id)

    def facts(self) -> PersonalFacts:
        """Return what was typed."""
        return PersonalFacts(
            birthday=self.birthday(),
            anniversary=self.anniversary_day(),
            customer_group_id=self.group_id(),
        )


class RegisterForm(FactsFields, EnrolForm):
    """A new customer, registered in the office (IV9.6)."""

    def __init__(self, *args: Any, cards: Sequence[Card], **kwargs: Any) -> None:
        super().__init__(*args, cards=cards, **kwargs)
        self.offer_groups(sorted({card.partner_id for card in cards}))
        if any(card.number_mode == NumberMode.TYPED for card in cards) and len(cards) > 1:
            self.fields["number"].help_text = _("Where the card works with numbers of its own.")
        dress(self)
