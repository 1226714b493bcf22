"""Forms of the member's pages."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.dates import MONTHS
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from loyalty.members.models import Member
from loyalty.operations.birthdays import Birthday
from loyalty.operations.enrolments import tidy_name
from loyalty.users.models import User
from loyalty.wallet import consent
from loyalty.web.keys import LARGEST

NAME_LENGTH = 80
SEARCH_LENGTH = 60
REFERRAL_LENGTH = 20
FIRST_YEAR, LAST_YEAR = 1905, 2100


class NameField(forms.CharField):
    """A person's name: composed, single spaces, no control or direction marks."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Your name"))
        super().__init__(max_length=NAME_LENGTH, **kwargs)
        self.widget.attrs["autocomplete"] = "name"

    def clean(self, value: Any) -> str:
        """Return the tidy name, refuse one of nothing but marks."""
        name = tidy_name(super().clean(value))
        if self.required and not name:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return name


class SignUpForm(forms.Form):
    """What a new account asks for beside the e-mail: a name, and the privacy text."""

    field_order = ("name", "email", "password1", "consent")

    name = NameField()
    consent = forms.BooleanField(
        label=_("I have read the privacy text and agree to it"),
        error_messages={"required": _("Without this no account can be opened.")},
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Give the new user their name and language, and keep the consent for the first card."""
        user.name = self.cleaned_data["name"]
        user.language = get_language() or settings.LANGUAGE_CODE
        user.save(update_fields=["name", "language"])
        consent.keep(request, user=user)


class RequestForm(forms.Form):
    """The hidden key that makes a second sending of the same form harmless."""

    request_id = forms.CharField(
        min_length=8,
        max_length=32,
        widget=forms.HiddenInput,
        validators=[RegexValidator(r"^[0-9a-f-]+\Z")],
    )


class JoinForm(RequestForm):
    """Taking a card; the consent is asked for the first card of a partner."""

    referral_code = forms.CharField(
        label=_("Recommendation code"), max_length=REFERRAL_LENGTH, required=False
    )
    consent = forms.BooleanField(
        error_messages={"required": _("Tick this to join. Nothing was opened yet.")}
    )

    def __init__(
        self,
        *args: Any,
        partner_name: str,
        needs_consent: bool,
        has_referrals: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if has_referrals:
            self.fields["referral_code"].widget.attrs |= {
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "class": "code",
            }
        else:
            del self.fields["referral_code"]
        if needs_consent:
            self.fields["consent"].label = _(
                "I agree that %(partner)s keeps my name, e-mail and visits for this card"
            ) % {"partner": partner_name}
        else:
            del self.fields["consent"]


class CheckInForm(RequestForm):
    """Checking in by the button: at which store."""

    store = forms.IntegerField(min_value=1, max_value=LARGEST)


class DoorForm(RequestForm):
    """Checking in at a door: with which card."""

    card = forms.IntegerField(min_value=1, max_value=LARGEST)


class DeleteForm(RequestForm):
    """Deleting one's data, which a tick must say a second time."""

    is_sure = forms.BooleanField(
        label=_("Delete it for good. I know that nobody can bring it back."),
        error_messages={"required": _("Tick this to delete. Nothing was deleted yet.")},
    )


class BirthdayForm(forms.Form):
    """A birthday as a day, a month and, if the member likes, a year."""

    birth_day = forms.IntegerField(label=_("Day"), min_value=1, max_value=31)
    birth_month = forms.TypedChoiceField(
        label=_("Month"), choices=[("", _("Choose")), *MONTHS.items()], coerce=int
    )
    birth_year = forms.IntegerField(
        label=_("Year"), min_value=FIRST_YEAR, max_value=LAST_YEAR, required=False
    )

    def __init__(self, data: Any = None, *, member: Member) -> None:
        initial = {name: getattr(member, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        for name in ("birth_day", "birth_year"):
            self.fields[name].widget.attrs["inputmode"] = "numeric"

    def birthday(self) -> Birthday:
        """Return what was told."""
        given = self.cleaned_data
        return Birthday(
            day=given["birth_day"], month=given["birth_month"], year=given["birth_year"]
        )


class ProfileForm(forms.ModelForm[User]):
    """What people may change about themselves."""

    name = NameField(help_text=_("Cards you open from now on carry this name."))

    class Meta:
        model = User
        fields = ("name", "language")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(settings.LANGUAGES) > 1:
            self.fields["language"] = forms.ChoiceField(
                label=_("Language"), choices=settings.LANGUAGES
            )
        else:
            del self.fields["language"]


class SearchForm(forms.Form):
    """Words to find an open card by."""

    q = forms.CharField(label=_("Search"), max_length=SEARCH_LENGTH, required=False)


class BeforeForm(forms.Form):
    """Below which deed a page of history begins."""

    before = forms.RegexField(r"^[0-9]{1,18}\Z", required=False)
