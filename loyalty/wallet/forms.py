"""Forms of the member's pages."""

from django import forms


class SignUpForm(forms.Form):
    """What a new account asks for beside the e-mail."""

    def signup(self, request, user) -> None:
        """Keep the user as it is."""
