"""Forms that add staff and managers by e-mail."""

from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clubs.models import Club, Manager, Place, Role, StaffMember, is_taken
from loyalty.users.models import User
from staff import people
from staff.admin.forms import PartnersForm, check_quota
from staff.admin.unfold_parts import dress

SEAT_QUOTA = _("Your plan allows %(limit)s managers. Switch one off, or ask for a larger plan.")


class PersonForm(PartnersForm):
    """A row that gives a person a place; on a new one the person is named by e-mail."""

    email = forms.EmailField(label=_("e-mail"), max_length=254)
    name = forms.CharField(
        label=_("name"),
        max_length=150,
        required=False,
        help_text=_("Used when this person is new here."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.pop("email", None)
            self.fields.pop("name", None)
        else:
            self.fields["email"].widget.attrs["dir"] = "ltr"
            dress(self, "email", "name")

    def person(self) -> User | None:
        """Return the person of the row, or of the typed e-mail if they are known."""
        if self.instance.pk:
            return cast("User", self.instance.user)
        return people.known(self.cleaned_data.get("email") or "")

    def refuse_twice(self, there: Place | None, words: Any) -> None:
        """Say beside the e-mail that the person has the place, or was invited to it."""
        if there is not None and there.is_invited:
            words = _("This person is invited already. Send the invitation again from the list.")
        if there is not None:
            self.add_error("email", words)

    def save(self, commit: bool = True) -> Any:
        """Save the row, with a new person for an unknown e-mail."""
        if not self.instance.pk:
            self.instance.user, _is_new = people.user_by_email(
                email=self.cleaned_data["email"], name=self.cleaned_data["name"]
            )
        return super().save(commit)


class StaffForm(PersonForm):
    """A person who serves in a club; there is no staff member without one (R4.1)."""

    forgets_pin = forms.BooleanField(
        label=_("forget the PIN"),
        required=False,
        help_text=_("The person signs in fully and chooses a new one."),
    )

    class Meta:
        model = StaffMember
        fields = ("club", "may_give_points", "may_redeem_by_search", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self, "forgets_pin")

    def partner_id(self) -> int | None:
        """Return the partner of the club."""
        if self.instance.pk:
            return int(self.instance.partner_id)
        club = self.cleaned_data.get("club")
        return club.partner_id if isinstance(club, Club) else None

    def clean(self) -> dict[str, Any]:
        """Refuse a person who works in the club already."""
        cleaned = super().clean()
        user, club = self.person(), cleaned.get("club")
        if user and club and not self.instance.pk:
            there = StaffMember.objects.filter(user=user, club=club).order_by("pk").first()
            self.refuse_twice(there, _("This person works in the club already."))
        if cleaned.get("forgets_pin"):
            self.instance.pin_hash = ""
        return cleaned


class ManagerForm(PersonForm):
    """A person who runs the dashboard; as many as the plan has seats (IV1.6)."""

    class Meta:
        model = Manager
        fields = ("partner", "role", "adjust_cap", "is_active")

    def clean(self) -> dict[str, Any]:
        """Count the seats, and keep one owner at least."""
        cleaned = super().clean()
        if (partner := getattr(self, "partner", None)) is None:
            return cleaned
        row = self.instance
        managers = Manager.objects.filter(partner=partner).exclude(pk=row.pk)
        user = self.person()
        if user and not row.pk:
            there = managers.filter(user=user).order_by("pk").first()
            self.refuse_twice(there, _("This person is a manager already."))
        is_active = cleaned.get("is_active", True)  # One who is invited is to be.
        is_owner = cleaned.get("role") == Role.OWNER and is_active
        owners = managers.filter(role=Role.OWNER, is_active=True)
        if row.pk and not row.is_invited and not is_owner and not owners.exists():
            self.add_error("role", _("The business needs one owner at least."))
        if is_active:
            used = managers.filter(is_taken(timezone.now())).count()
            check_quota(limit=partner.max_admin_seats, used=used, message=SEAT_QUOTA)
        return cleaned
