"""Open a new business: its owner, a club, a store and a draft card (IV3.1)."""

import zoneinfo
from typing import Any

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from cards import terms
from cards.models import Card
from clubs.models import CODE_LENGTH, DECIMALS, Club, Manager, Partner, Role, Store
from staff import people

DEFAULTS = {"currency": "EUR", "timezone": "Europe/Lisbon", "country": "PT"}
QUESTIONS = (
    ("name", "Name of the business"),
    ("owner", "E-mail of the owner"),
    ("currency", "Currency"),
    ("timezone", "Time zone"),
    ("country", "Country (two letters)"),
)


class Command(BaseCommand):
    """Asks what it was not told, and prints how the owner signs in."""

    help = "Open a new business with its owner, a club, a store and a draft card."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the answers as options too."""
        for name, words in QUESTIONS:
            parser.add_argument(f"--{name}", help=words)
        parser.add_argument("--slug", help="Short name in addresses; made from the name if empty")
        parser.add_argument("--language", default="en", help="Language of its mails and posters")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Open the business, or refuse clearly."""
        is_asked = not options["name"] or not options["owner"]
        for name, words in QUESTIONS:
            if not options[name]:
                options[name] = self._answer(name, words, is_asked=is_asked)
        checked(options)
        partner = open_partner(options)
        self.stdout.write(self.style.SUCCESS(f"{partner.name} is open."))
        self.stdout.write(
            f"\nThe owner signs in at {people.sign_in_address()}\n"
            f"  1. Type {options['owner']} and ask for a code; it comes by e-mail.\n"
            "  2. A password can be set afterwards under Sign-in and security; none is needed.\n"
            "  3. The dashboard asks for a second step: an authenticator app or a passkey.\n"
            "  4. The dashboard then lists the first steps: a reward, the card, staff, a poster."
        )

    def _answer(self, name: str, words: str, *, is_asked: bool) -> str:
        """Return what is typed, or the default; without a question where options were given."""
        default = DEFAULTS.get(name, "")
        if not is_asked and default:
            return default
        hint = f" [{default}]" if default else ""
        try:
            return input(f"{words}{hint}: ").strip() or default
        except EOFError as error:
            raise CommandError(f"--{name} is missing.") from error


def checked(options: dict[str, Any]) -> None:
    """Bring the answers into form.

    :raises CommandError: naming the first that is no good, or a business that is there already.
    """
    options["owner"] = str(options["owner"]).strip().lower()
    options["currency"] = str(options["currency"]).strip().upper()
    options["country"] = str(options["country"]).strip().upper()
    options["slug"] = options["slug"] or slugify(options["name"])
    if not options["name"].strip() or not options["slug"]:
        raise CommandError("A name is needed, with letters or digits; --slug helps otherwise.")
    try:
        validate_email(options["owner"])
    except ValidationError as error:
        raise CommandError(f"{options['owner']} is no e-mail address.") from error
    if options["currency"] not in DECIMALS:
        raise CommandError(f"Choose a currency out of {', '.join(sorted(DECIMALS))}.")
    if options["timezone"] not in zoneinfo.available_timezones():
        raise CommandError("Choose a time zone such as Europe/Lisbon.")
    if options["country"] not in phonenumbers.SUPPORTED_REGIONS:
        raise CommandError("Choose a country by its two letters, such as PT.")
    code = options["slug"][:CODE_LENGTH]
    if Partner.objects.filter(slug=options["slug"]).exists():
        raise CommandError(f"There is a business called {options['slug']} already.")
    if Partner.objects.filter(code=code).exists():
        raise CommandError(f"The code {code} is taken; choose another --slug.")


@transaction.atomic
def open_partner(options: dict[str, Any]) -> Partner:
    """Make the business with everything that a first day needs, and return it."""
    partner = Partner.objects.create(
        name=options["name"].strip(),
        slug=options["slug"],
        code=options["slug"][:CODE_LENGTH],
        country=options["country"],
        currency=options["currency"],
        timezone=options["timezone"],
        language=options["language"],
    )
    owner, _is_new = people.user_by_email(email=options["owner"])
    Manager.objects.create(partner=partner, user=owner, role=Role.OWNER)
    people.follow_manager_rows(owner.pk)
    club = Club.objects.create(partner=partner, code="main", name=partner.name)
    Store.objects.create(partner=partner, club=club, code="main", name=partner.name)
    one = 10 ** max(2, DECIMALS[partner.currency])  # A hundred yen, for lack of decimals.
    card = Card.objects.create(
        partner=partner,
        club=club,
        code="main",
        name=partner.name[:60],
        currency=partner.currency,
        step_minor=one,
        max_amount_minor=10_000 * one,
    )
    terms.publish(card=card, at=timezone.now(), by_id=None)
    return partner
