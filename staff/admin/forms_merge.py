"""Which of two records' facts stay, side by side."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.template.defaultfilters import date as date_filter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from loyalty.members.models import Member
from loyalty.operations.merging import COLUMNS, PersonalFact
from staff.admin.account_overview import birthday_words
from staff.admin.forms_account import DeedForm, internal_note
from staff.admin.unfold_parts import NOTHING, dress

MOST_TYPED = 60
STAYS, GOES = "stays", "goes"


def told(member: Member, fact: PersonalFact) -> str:
    """Return a fact of a record in words; empty if it is not known."""
    match fact:
        case PersonalFact.NAME:
            return f"{member.first_name} {member.last_name}".strip()
        case PersonalFact.PHONE if member.phone and member.phone_confirmed_at:
            return _("%(phone)s, confirmed") % {"phone": member.phone}
        case PersonalFact.BIRTHDAY:
            return birthday_words(member)
        case PersonalFact.ANNIVERSARY:
            return date_filter(member.anniversary, pgettext("date format", "j F Y"))
        case PersonalFact.CUSTOMER_GROUP:
            return member.customer_group.name if member.customer_group else ""
        case _other:
            return str(getattr(member, COLUMNS[fact][0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One line of the comparison; ``field`` is the choice where the two records differ."""

    label: Any
    stays: str
    goes: str
    field: Any = None


class FindForm(forms.Form):
    """By what the other record is found."""

    q = forms.CharField(label=gettext_lazy("Search"), max_length=MOST_TYPED, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs |= {
            "type": "search",
            "placeholder": _("Name, phone, e-mail or card number"),
            "autofocus": True,
        }
        dress(self)


class MergeForm(DeedForm):
    """For each fact that the records tell differently: whose stays."""

    internal = internal_note()

    def __init__(self, *args: Any, stays: Member, goes: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.both = (stays, goes)
        for fact in PersonalFact:
            ours, theirs = told(stays, fact), told(goes, fact)
            if ours != theirs:
                self.fields[fact.value] = forms.ChoiceField(
                    label=fact.label,
                    choices=[(STAYS, ours or NOTHING), (GOES, theirs or NOTHING)],
                    widget=forms.RadioSelect,
                    initial=STAYS if ours else GOES,
                    required=False,
                )
        dress(self)

    def rows(self) -> list[FactRow]:
        """Return what either record tells, with the choices where they differ."""
        stays, goes = self.both
        return [
            FactRow(
                label=fact.label,
                stays=told(stays, fact) or NOTHING,
                goes=told(goes, fact) or NOTHING,
                field=self[fact.value] if fact.value in self.fields else None,
            )
            for fact in PersonalFact
            if told(stays, fact) or told(goes, fact)
        ]

    def taken(self) -> list[PersonalFact]:
        """Return the facts that are taken from the record that goes.

        As they were sent: a repeat finds nothing to choose any more, and must say the same.
        """
        return [fact for fact in PersonalFact if self.data.get(fact.value) == GOES]
