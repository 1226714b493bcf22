"""Publishing rules in a test: its pages, and which versions there are."""

from django.urls import reverse


def page(card):
    return reverse("admin:cards_card_change", args=[card.pk])


def publishing_page(card):
    return reverse("admin:cards_card_publish", args=[card.pk])


def numbers(card):
    return list(card.terms_versions.order_by("number").values_list("number", flat=True))
