"""Registering a customer in a test: the form and its answers, a group, and who may only look."""

from django.test import Client

from cards.models import CustomerGroup
from clubs.models import Role
from tests.admin.desk import at_desk, submit
from tests.cast import make_manager, make_user

PAGE = "/admin/members/membership/add/"
ANA = {
    "first_name": "Ana",
    "last_name": "Silva",
    "phone": "912 345 678",
    "is_phone_confirmed": "on",
    "email": "Ana@Silva.example",
    "consent": "on",
}


def group_of(partner, code="VIP", **extra):
    return CustomerGroup.objects.create(partner=partner, code=code, name="Regulars", **extra)


def register(client: Client, card, **changed):
    return submit(client, PAGE, **{**ANA, "card": card.pk, **changed})


def support(cast):
    helper = make_user("helper")
    make_manager(helper, cast.partner, Role.SUPPORT)
    return at_desk(helper)


def wrong(response):
    return {name: " ".join(words) for name, words in response.context["form"].errors.items()}
