"""How sign-up and sign-in behave here."""

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Keep allauth's behaviour."""
