"""What the list of signals is narrowed by, and the note of whoever has looked at one."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from loyalty.analytics.models import Signal, SignalKind, SignalState
from loyalty.users.models import User
from staff.admin.powers import EDITORS, Powers
from staff.admin.scoping import own_rows
from staff.admin.unfold_parts import dress

ALL = "all"
ANY = [("", _("any"))]


class PersonField(forms.ModelChoiceField):  # type: ignore[type-arg]  # of users
    """A choice of people by their names."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the person's name."""
        return str(obj.get_full_name())


class SignalsForm(forms.Form):
    """Which signals to show: those that nobody has looked at, unless asked for others."""

    state = forms.ChoiceField(
        label=_("state"),
        required=False,
        choices=[
            ("", _("open")),
            (SignalState.SEEN.value, SignalState.SEEN.label),
            (ALL, _("all")),
        ],
    )
    kind = forms.ChoiceField(label=_("kind"), required=False, choices=[*ANY, *SignalKind.choices])
    person = PersonField(
        label=_("person"), required=False, queryset=User.objects.none(), empty_label=_("any")
    )

    def __init__(self, *args: Any, powers: Powers, **kwargs: Any) -> None:
        """Offer the people whom signals of the own businesses are about."""
        super().__init__(*args, **kwargs)
        signals = own_rows(Signal.objects.order_by(), powers, EDITORS)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - declared above
        field.queryset = User.objects.filter(
            Q(pk__in=signals.values("actor")) | Q(pk__in=signals.values("colleague"))
        ).order_by("name", "pk")
        dress(self)

    def wanted(self) -> Q:
        """Return the filter that a valid form means."""
        given, found = self.cleaned_data, Q()
        if given["state"] != ALL:
            found &= Q(state=given["state"] or SignalState.OPEN)
        if given["kind"]:
            found &= Q(kind=given["kind"])
        if given["person"]:
            found &= Q(actor=given["person"]) | Q(colleague=given["person"])
        return found


class SeenForm(forms.Form):
    """Words of whoever has looked."""

    note = forms.CharField(
        label=_("note"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What you found out. Only owners and managers see this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)
