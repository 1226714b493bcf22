"""docs/rules.md says what the engine gives: each of its tables is computed again."""

import pytest

from cards.models import Card, Plan, PlanLine, Tier
from cards.models.rule_settings import RuleSettings
from tests.examples import beside, earning
from tests.examples.page import COMPUTED, examples, settings

assert [beside, earning]  # Importing them names their examples.


def test_each_example_of_the_page_is_computed_and_none_is_forgotten():
    assert sorted(examples()) == sorted(COMPUTED)


@pytest.mark.parametrize("name", sorted(COMPUTED))
def test_the_page_says_what_the_engine_gives(name):
    rows = examples()[name]

    assert COMPUTED[name](rows) == rows


# The fields that are no rule: whose row it is, its place in a list, when it was put away.
NO_RULES = {"id", "partner", "card", "plan", "position", "version", "created_at", "archived_at"}


def names(model):
    fields = [field for field in model._meta.fields if field.name not in NO_RULES]
    return {str(field.verbose_name) for field in fields}


@pytest.mark.parametrize("model", [Plan, PlanLine, Tier])
def test_the_page_explains_each_setting_by_its_name_on_the_screen(model):
    assert sorted(settings()[model.__name__]) == sorted(names(model))


def test_the_page_explains_each_rule_that_is_set_on_a_card():
    explained = settings()["Card"]

    assert len(explained) == len(set(explained))
    assert names(RuleSettings) <= set(explained) <= names(Card)
