"""An open card page follows the server: a tiny version address and the parts that change."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from tests.cast import make_cast
from tests.operations.counter import buy
from tests.wallet.reading import attribute, main_text, text

pytestmark = pytest.mark.django_db


def version(client, cast, **headers):
    return client.get(reverse("wallet:version", args=[cast.membership.pk]), headers=headers)


@pytest.mark.req("PA1.1")
def test_the_page_was_drawn_from_the_version_that_stands(cast, mia):
    drawn = attribute(mia.get(reverse("wallet:card", args=[cast.membership.pk])), "data-version")

    assert version(mia, cast)["ETag"] == drawn


@pytest.mark.req("PA1.1")
def test_without_news_the_version_answers_not_modified_and_empty(cast, mia):
    tag = version(mia, cast)["ETag"]

    again = version(mia, cast, if_none_match=tag)

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)


@pytest.mark.req("PA1.1")
def test_an_award_changes_the_version_and_the_parts(cast, mia, ago):
    tag = version(mia, cast)["ETag"]

    buy(cast, 1240, at=ago(5))

    news = version(mia, cast, if_none_match=tag)
    parts = mia.get(reverse("wallet:fragment", args=[cast.membership.pk]))
    assert news.status_code == 200
    assert news["ETag"] != tag
    assert "Balance 12 points" in text(parts)
    assert "Purchase €12.40 · Old Port +12" in text(parts)


def test_the_parts_bear_the_names_they_have_on_the_page(cast, mia):
    page = mia.get(reverse("wallet:card", args=[cast.membership.pk])).content.decode()
    parts = mia.get(reverse("wallet:fragment", args=[cast.membership.pk])).content.decode()

    assert [name for name in ("head", "body") if f'data-live="{name}"' in page] == ["head", "body"]
    assert [name for name in ("head", "body") if f'data-live="{name}"' in parts] == ["head", "body"]
    assert 'data-balance-text="0 points"' in parts


@pytest.mark.req("PA1.1")
def test_asking_for_news_takes_three_statements_and_writes_no_session(
    cast, mia, django_assert_max_num_queries
):
    version(mia, cast)
    before = list(Session.objects.values_list("session_key", "session_data", "expire_date"))

    with django_assert_max_num_queries(3):
        version(mia, cast)

    assert list(Session.objects.values_list("session_key", "session_data", "expire_date")) == before
    assert "sessionid" not in mia.get(reverse("wallet:home")).cookies


def test_the_balance_leaves_out_points_past_their_date(browser_of, now):
    cast = make_cast(expiry_days=10)
    buy(cast, 5000, at=now - timedelta(days=30))
    buy(cast, 700, at=now - timedelta(days=3))

    client = browser_of(cast.mia)

    words = main_text(client.get(reverse("wallet:card", args=[cast.membership.pk])))
    assert "Balance 7 points" in words
    assert "7 points" in main_text(client.get(reverse("wallet:home")))
