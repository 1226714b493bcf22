"""A card's rules other than its plans: what is typed into their forms, made and answered."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cards.models import ExpiryRule, MilestoneRule, ReferralRule, SpecialDay
from tests.admin.desk import submit

YESTERDAY = timezone.now().date() - timedelta(days=2)
LATER = timezone.now().date() + timedelta(days=40)
TYPED = {
    "specialday": {"name": "Harvest", "code": "", "day": LATER.isoformat()},
    "expiryrule": {"method": "SLIDING", "days": "90"},
    "referralrule": {"event": "REGISTRATION", "points": "50"},
    "milestonerule": {"kind": "VISITS", "count": "10", "points": "5"},
}
MODELS = {
    "specialday": SpecialDay,
    "expiryrule": ExpiryRule,
    "referralrule": ReferralRule,
    "milestonerule": MilestoneRule,
}
kinds = pytest.mark.parametrize("kind", MODELS)


def listed(kind, query=""):
    return reverse(f"admin:cards_{kind}_changelist") + query


def adding(kind, query=""):
    return reverse(f"admin:cards_{kind}_add") + query


def page(row, name="change"):
    return reverse(f"admin:cards_{row._meta.model_name}_{name}", args=[row.pk])


def make(kind, card, **changed):
    fields = {
        "specialday": {"name": "Harvest", "code": "harvest", "day": LATER},
        "expiryrule": {"days": 90},
        "referralrule": {"event": "REGISTRATION", "points": 50},
        "milestonerule": {"kind": "VISITS", "count": 10, "points": 5},
    }[kind]
    return MODELS[kind].objects.create(partner=card.partner, card=card, **(fields | changed))


def add(client, rules, card, **changed):
    return submit(client, adding(rules), **{**TYPED[rules], "card": card.pk, **changed})


def wrong(response):
    return {
        name: " ".join(words) for name, words in response.context["adminform"].form.errors.items()
    }
