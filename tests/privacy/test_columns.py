"""No column that can hold words about a person is forgotten when one is erased."""

from collections import Counter

import pytest
from django.apps import apps
from django.db import connection

from loyalty.members.models import Member
from loyalty.operations import customers
from tests.privacy import columns


def test_every_column_that_can_hold_words_is_sorted_and_each_only_once():
    by_hand = Counter(columns.sorted_by_hand())

    assert sorted(set(columns.of_words()) ^ by_hand.keys()) == []
    assert [column for column, times in by_hand.items() if times > 1] == []


@pytest.mark.django_db
def test_every_table_of_the_database_is_looked_at():
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}

    assert set(connection.introspection.table_names()) - known == {"django_migrations"}


def test_each_personal_column_of_a_record_is_blanked_or_made_anew():
    blanked = {Member._meta.get_field(name).column for name in customers.PERSONAL_COLUMNS}

    assert set(columns.ERASED["members_member"].split()) == blanked | {"code", "search_text"}
