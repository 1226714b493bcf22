"""What the tests of the dashboard share: signing in with a second factor, and filling in forms."""

from html.parser import HTMLParser
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from loyalty.users.models import User


def at_desk(user: User, *, has_second_factor: bool = True) -> Client:
    """Return a browser in which this person has signed in, with a second factor."""
    client = Client()
    client.force_login(user)
    if has_second_factor:
        Authenticator.objects.get_or_create(
            user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": "A" * 32}}
        )
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, "mfa", type="totp")
        request.session.save()
    return client


class _Forms(HTMLParser):
    """Reads the values that a browser would send if nothing were changed."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._select: str | None = None
        self._area: str | None = None
        self._first: bool = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        name = facts.get("name", "")
        match tag:
            case "input" if name and facts.get("type") in {"checkbox", "radio"}:
                if "checked" in facts:
                    self.values[name] = facts.get("value") or "on"
            case "input" if name and facts.get("type") not in {"file", "submit", "button"}:
                self.values[name] = facts.get("value", "")
            case "select" if name:
                self._select, self._first = name, True
            case "option" if self._select and "disabled" not in facts:
                if self._first or "selected" in facts:
                    self.values[self._select] = facts.get("value", "")
                self._first = False
            case "textarea" if name:
                self._area = name
                self.values[name] = ""
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] += data


def shown(client: Client, address: str) -> dict[str, Any]:
    """Return the values of all fields on a page, as a browser would send them."""
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    reader = _Forms()
    reader.feed(response.content.decode())
    return reader.values


def submit(client: Client, address: str, **changed: Any) -> Any:
    """Open a form, change some fields, send it; a field changed to None is left out."""
    values = {**shown(client, address), **changed}
    return client.post(
        address, {name: value for name, value in values.items() if value is not None}
    )


def action(name: str, membership: Any, *more: Any) -> str:
    """Return the address of a page of a member's account."""
    return reverse(f"admin:members_membership_{name}", args=[membership.pk, *more])


def errors(response: Any) -> str:
    """Return every message of the form on a page."""
    found = response.context
    form = found["adminform"].form if "adminform" in found else found["form"]
    words = [message for messages in form.errors.values() for message in messages]
    for formset in found.get("inline_admin_formsets") or []:
        words += formset.formset.non_form_errors()
        for one in formset.formset.errors:
            words += [message for messages in one.values() for message in messages]
    return " | ".join(str(word) for word in words)


def told(response: Any) -> list[str]:
    """Return what was said once above the page."""
    return [str(message) for message in get_messages(response.wsgi_request)]
