"""What PostgreSQL does for a page where a business has thousands of members."""

from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.analytics import rollups
from loyalty.ledger import verification
from tests.admin.desk import at_desk
from tests.bench import large, loading

MEMBERS = 3_000
DAYS = 60
# An address or a long name has many parts, and some hundred members are named: at this size all
# rows are read sooner than an index.
READ_SOONER = {
    "customers by e-mail",
    "customers by first and last name",
    "figures, customers: 30 days",
    "figures, customers: 365 days",
}


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.req("CU6", "R6.1")
def test_no_page_reads_all_members_deeds_or_lots():
    now = timezone.now()
    business = loading.load(members=MEMBERS, until=now - timedelta(hours=1), days=DAYS)
    rollups.rebuild(partner=business.partner, at=now)
    client = at_desk(business.owner)

    costs = {name: large.cost_of(client, path) for name, path in large.pages(business).items()}
    searches = {name: cost for name, cost in costs.items() if name.startswith("customers by")}

    assert verification.verify(verification.Scope(at=now)) == []
    scanned = {name: cost.scanned for name, cost in costs.items() if cost.scanned}
    assert scanned.keys() <= READ_SOONER
    figures = {name: cost.statements for name, cost in costs.items() if name.startswith("figures")}
    assert len(figures) > 20
    assert {name: sent for name, sent in figures.items() if sent > large.MOST_STATEMENTS} == {}
    # One finds whom the words mean, one reads the rows of the page.
    assert {name: cost.of_members for name, cost in searches.items()} == dict.fromkeys(searches, 2)
