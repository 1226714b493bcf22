"""The form of a card: where it is, and the fields of a new reward."""

from django.urls import reverse

ADD = "/admin/cards/card/add/"


def page(card):
    return reverse("admin:cards_card_change", args=[card.pk])


def new_reward(number=0, **changed):
    """Return the fields of a new row in the grid of rewards."""
    fields = {"name": "Croissant", "code": "", "cost": "200", "status": "ACTIVE", "position": "0"}
    row = {f"rewards-{number}-{name}": value for name, value in {**fields, **changed}.items()}
    return {"rewards-TOTAL_FORMS": str(number + 1), **row}
