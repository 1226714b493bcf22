"""One deed of a member's history with its receipt, and the way to the programme's own site."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cards.models import CardText, Product, ProductGroup, Tender
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Source, Transaction
from loyalty.members.models import MembershipStatus
from loyalty.operations import expiries, groups, purchases
from loyalty.operations.purchases import Bill
from loyalty.operations.refunding import ReturnedLine
from loyalty.rules.baskets import BasketLine, Payment
from tests.cast import deed, join, make_partner, publish
from tests.operations.counter import adjust, buy, roll_back, set_status
from tests.operations.money import pay, refund
from tests.wallet.reading import lines, main_text

pytestmark = pytest.mark.django_db
# Five past two in the night of the shop, in a year that is over.
LATE = datetime(2025, 7, 3, 1, 5, tzinfo=UTC)
WHY = "1 point per €1.00, rounded down"


@pytest.fixture(autouse=True)
def _rules(cast):
    """Let the card's rules stand since before all of this; nothing of them can be changed."""
    rules = cast.card.terms_versions.get()
    rules.pk, rules.number, rules.published_at = None, 2, LATE - timedelta(days=20)
    rules.save(force_insert=True)


@pytest.fixture
def names(cast):
    """Give the partner the words for what its tills send; another has others for the same."""
    hot = ProductGroup.objects.create(partner=cast.partner, code="HOT", name="Hot drinks")
    Product.objects.create(partner=cast.partner, code="CAP", name="Cappuccino", group=hot)
    Tender.objects.create(partner=cast.partner, code="CARD", name="Debit card")
    other = make_partner("Hill Group")
    for model, code in ((Product, "CAP"), (Product, "X9"), (ProductGroup, "COLD"), (Tender, "V")):
        model.objects.create(partner=other, code=code, name="Foreign words")
    return cast


def sell(
    cast, *bill_lines, at, receipt="", paid=(), membership=None, book=purchases.award_purchase
):
    """Book what a till sends: lines, payments and the receipt's number."""
    held = membership or cast.membership
    return book(
        deed=deed(cast.sam, at=at, store=cast.old_port),
        membership_id=held.pk,
        bill=Bill(
            amount_minor=sum(line.amount_minor for line in bill_lines),
            currency="EUR",
            lines=bill_lines,
            payments=tuple(paid),
        ),
        receipt=receipt,
        scan_id=cast.scan(at=at, membership=held),
    )


def line(minor, product="", group="", pieces="1"):
    return BasketLine(product=product, group=group, quantity=Decimal(pieces), amount_minor=minor)


def address(membership, done):
    return reverse("wallet:deed", args=[membership.pk, done.pk])


def shown(client, membership, done):
    """Return the words of a deed's page."""
    response = client.get(address(membership, done))
    assert response.status_code == 200
    return main_text(response)


def opened(client, membership):
    """Return the deeds that the card's page and the history lead to, which are the same."""
    pages = [
        client.get(reverse(name, args=[membership.pk])).content.decode()
        for name in ("wallet:card", "wallet:fragment", "wallet:history")
    ]
    on_card, in_part, in_history = (
        [int(pk) for pk in re.findall(rf'"/wallet/cards/{membership.pk}/history/(\d+)/"', page)]
        for page in pages
    )
    assert on_card == in_part == in_history
    return on_card


def family(cast, *others, at):
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN, at=at),
        head_id=cast.membership.pk,
        member_ids=[other.pk for other in others],
        name="The Lindens",
    )


@pytest.mark.req("IV3.28")
def test_a_purchase_opens_with_its_receipt(names, mia):
    cast = names
    done = sell(
        cast,
        line(700, "CAP", "HOT", "2"),
        line(320, "X9", "HOT"),
        line(1000, group="HOT", pieces="0.350"),
        line(250, group="COLD"),
        line(-70),
        paid=[Payment(tender="CARD", amount_minor=2000), Payment(tender="V", amount_minor=200)],
        receipt="A-10442",
        at=LATE,
    )

    assert opened(mia, cast.membership) == [done.pk]
    assert shown(mia, cast.membership, done) == (
        "Purchase €22.00 Old Port · 3 July 2025, 02:05 "
        f"What it gave +22 points {WHY} (lines 1, 2, 3, 4, 5) "
        "Receipt Number A-10442 "
        "1 Cappuccino × 2 €7.00 "
        "2 X9 €3.20 "
        "3 Hot drinks × 0.35 €10.00 "
        "4 COLD €2.50 "
        "5 Item -€0.70 "
        "Total €22.00 Debit card €20.00 V €2.00 "
        "All history"
    )


@pytest.mark.req("IV3.28")
def test_where_receipts_are_switched_off_nothing_of_them_is_told(names, mia):
    cast = names
    paid = [Payment(tender="CARD", amount_minor=700)]
    done = sell(cast, line(700, "CAP"), paid=paid, receipt="A-10442", at=LATE)
    cast.card.are_receipts_shown = False
    cast.card.save()

    assert opened(mia, cast.membership) == []
    assert lines(mia.get(reverse("wallet:history", args=[cast.membership.pk])))[0] == (
        "Purchase €7.00 · Old Port",
        "+7",
        f"{WHY} (line 1)",
    )
    assert shown(mia, cast.membership, done) == (
        "Purchase €7.00 Old Port · 3 July 2025, 02:05 "
        f"What it gave +7 points {WHY} (line 1) All history"
    )


@pytest.mark.req("IV3.28")
def test_a_line_with_nothing_more_to_tell_leads_nowhere(cast, mia):
    plain = buy(cast, 1240, at=LATE)
    adjust(cast, 5, at=LATE, note=Note(internal="angry guest", comment="Sorry for the wait"))
    numbered = buy(cast, 80, at=LATE, receipt="B-7")

    assert opened(mia, cast.membership) == [numbered.pk]
    assert "Receipt" not in shown(mia, cast.membership, plain)
    assert "Receipt Number B-7 Total €0.80" in shown(mia, cast.membership, numbered)
    assert f"0 points {WHY} €0.20 more to go" in shown(mia, cast.membership, numbered)


@pytest.mark.req("IV3.28")
def test_a_deed_that_was_taken_back_says_so_and_what_it_had_given(cast, mia):
    done = buy(cast, 12_400, at=LATE, receipt="A-1")
    note = Note(internal="angry guest", comment="Typed twice")
    roll_back(cast, done, at=LATE + timedelta(days=1, minutes=9), note=note)

    assert shown(mia, cast.membership, done) == (
        "Purchase €124.00 Old Port · 3 July 2025, 02:05 "
        "Taken back: Typed twice 4 July 2025, 02:14 "
        f"What it gave +124 points {WHY} "
        "Receipt Number A-1 Total €124.00 All history"
    )


@pytest.mark.req("CU18", "CU19")
def test_the_page_tells_the_comment_and_never_the_internal_note(cast, mia):
    note = Note(internal="angry guest", comment="Sorry for the wait")
    done = adjust(cast, 1, at=LATE, note=note)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        words = shown(mia, cast.membership, done)

    assert words == (
        "Points given 3 July 2025, 02:05 What it gave +1 point Sorry for the wait All history"
    )
    assert '"internal"' not in str(asked.captured_queries)


@pytest.mark.req("IV3.28")
def test_what_was_paid_from_the_card_shows_the_bill(cast, mia):
    cast.card.base_rate = Decimal("0.01")
    cast.card.save()
    publish(cast.card, at=LATE - timedelta(days=9))
    adjust(cast, 1000, at=LATE)
    paid = pay(cast, 1850, 500, at=LATE, receipt="A-2")
    payment = Payment(tender="P", amount_minor=500, is_loyalty=True, transaction_id=paid.pk)
    rest = Payment(tender="", amount_minor=1350)
    bought = sell(cast, line(1850), paid=[payment, rest], receipt="A-2", at=LATE)

    assert shown(mia, cast.membership, paid) == (
        "Paid €5.00 with points Old Port · 3 July 2025, 02:05 "
        "What it took −500 points of a bill of €18.50 "
        "Receipt Number A-2 Bill €18.50 From this card €5.00 All history"
    )
    assert "Total €18.50 From this card €5.00 Paid €13.50" in shown(mia, cast.membership, bought)


@pytest.mark.req("IV3.28")
def test_a_refund_shows_what_came_back_with_the_numbers_of_the_bill(names, mia):
    cast = names
    sale = sell(cast, line(500), line(700, "CAP", pieces="2"), receipt="A-3", at=LATE)
    back = refund(cast, sale, 350, ReturnedLine(index=1, amount_minor=350), at=LATE)
    by_amount = refund(cast, sale, 100, at=LATE)

    assert opened(mia, cast.membership) == [back.pk, sale.pk]
    assert shown(mia, cast.membership, back) == (
        "Refund €3.50 Old Port · 3 July 2025, 02:05 What it took −3 points "
        "Receipt Number A-3 2 Cappuccino €3.50 Refunded €3.50 All history"
    )
    assert "Receipt" not in shown(mia, cast.membership, by_amount)


@pytest.mark.req("IV3.28")
def test_points_without_a_sale_show_the_number_that_was_typed(cast, mia):
    cast.card.is_points_only = True
    cast.card.save()
    publish(cast.card, at=LATE - timedelta(days=9))
    done = purchases.award_points(
        deed=deed(cast.sam, at=LATE, store=cast.old_port),
        membership_id=cast.membership.pk,
        points=3,
        receipt="C-1",
        scan_id=cast.scan(at=LATE),
    )

    assert opened(mia, cast.membership) == [done.pk]
    assert shown(mia, cast.membership, done) == (
        "Visit Old Port · 3 July 2025, 02:05 What it gave +3 points entered at the counter "
        "Receipt Number C-1 All history"
    )


@pytest.mark.req("IV3.28", "FA2")
def test_what_the_shop_bought_from_the_member_has_a_receipt_too(names, mia):
    cast = names
    done = sell(cast, line(700, "CAP"), receipt="D-1", at=LATE, book=purchases.book_buy)

    words = shown(mia, cast.membership, done)

    assert words.startswith("Sold to us €7.00 Old Port · 3 July 2025, 02:05 What it gave 0 points")
    assert words.endswith("Receipt Number D-1 1 Cappuccino €7.00 Total €7.00 All history")


@pytest.mark.req("IV3.28", "IV9.2")
def test_in_a_group_nobody_opens_what_another_member_bought(names, mia, ago, browser_of):
    cast = names
    noor = join(cast.noor, cast.card)
    family(cast, noor, at=ago(30))
    hers = sell(cast, line(700, "CAP"), receipt="N-1", membership=noor, at=ago(20))
    his = sell(cast, line(500, "CAP"), receipt="M-1", at=ago(10))
    back = refund(cast, hers, 700, ReturnedLine(index=0, amount_minor=700), at=ago(5))

    # Mia brought Noor's goods back: that is Mia's deed, and tells nothing of Noor's receipt.
    assert opened(mia, cast.membership) == [back.pk, his.pk]
    assert mia.get(address(cast.membership, hers)).status_code == 404
    assert "Receipt Refunded €7.00" in shown(mia, cast.membership, back)
    told = lines(mia.get(reverse("wallet:history", args=[cast.membership.pk])))
    assert ("Purchase €7.00 · Old Port", "+7", f"{WHY} (line 1), by a member of the group") in told
    assert opened(browser_of(cast.noor), noor) == [hers.pk]
    assert "N-1 1 Cappuccino €7.00" in shown(browser_of(cast.noor), noor, hers)


@pytest.mark.req("IV3.28", "IV9.5")
def test_who_left_a_group_still_opens_their_own_and_nobody_elses(cast, mia, ago):
    noor = join(cast.noor, cast.card)
    family(cast, noor, at=ago(30))
    hers = buy(cast, 700, receipt="N-1", membership=noor, at=ago(20))
    own = buy(cast, 500, receipt="M-1", at=ago(15))
    groups.leave_group(
        deed=deed(cast.petra, Source.ADMIN, at=ago(10)), membership_id=cast.membership.pk
    )

    assert opened(mia, cast.membership) == [own.pk]
    assert "M-1" in shown(mia, cast.membership, own)
    assert mia.get(address(cast.membership, hers)).status_code == 404


def test_what_happened_to_the_account_alone_can_be_read_as_well(cast, mia):
    cast.card.expiry_days = 10
    cast.card.save()
    publish(cast.card, at=LATE - timedelta(days=9))
    for held in (cast.membership, join(cast.noor, cast.card)):
        buy(cast, 3000, at=LATE, membership=held)
    expiries.book_expiry(at=LATE + timedelta(days=20))
    done, hers = Transaction.objects.filter(kind=Kind.EXPIRY, membership=None).order_by("account")

    assert mia.get(address(cast.membership, hers)).status_code == 404
    assert shown(mia, cast.membership, done) == (
        "Expired 14 July 2025, 00:00 What it took −30 points All history"
    )


@pytest.mark.req("IV3.28")
def test_credit_is_told_as_money(cast, mia):
    cast.card.credit_per_step_minor = 5
    cast.card.save()
    publish(cast.card, at=LATE - timedelta(days=9))
    done = buy(cast, 1000, at=LATE, receipt="A-1")

    body = mia.get(address(cast.membership, done)).content.decode()
    assert '<span class="figure ltr">+10, +€0.50</span> </p>' in body


@pytest.mark.req("IV3.28")
def test_strange_unknown_and_silent_deeds_have_no_page(cast, mia, browser_of):
    noor = join(cast.noor, cast.card)
    strange, own = buy(cast, 700, membership=noor, receipt="N-1"), buy(cast, 500, receipt="M-1")
    undone = roll_back(cast, buy(cast, 400))
    status = set_status(cast, MembershipStatus.BLOCKED)

    answers = [
        mia.get(address(held, done)).status_code
        for held, done in [
            (cast.membership, own),
            (cast.membership, strange),
            (noor, strange),
            (noor, own),
            (cast.membership, undone),
            (cast.membership, status),
        ]
    ]

    unknown = address(cast.membership, Transaction(pk=status.pk + 99))
    assert [undone.kind, status.kind] == [Kind.REVERSAL, Kind.STATUS]
    assert answers == [200, 404, 404, 404, 404, 404]
    assert mia.get(unknown).status_code == 404
    assert mia.post(address(cast.membership, own)).status_code == 405
    assert browser_of(cast.petra).get(address(cast.membership, own)).status_code == 404


@pytest.mark.req("IV3.28")
def test_a_long_bill_costs_no_more_statements_than_a_short_one(names, mia):
    cast = names
    paid = [Payment(tender="CARD", amount_minor=100)]
    short = sell(cast, line(50, "CAP"), line(50, group="HOT"), paid=paid, at=LATE)
    goods = [line(100, f"P{number}") for number in range(40)]
    goods += [line(100, group=f"G{number}") for number in range(40)]
    split = [Payment(tender=f"T{number}", amount_minor=100) for number in range(80)]
    long = sell(cast, *goods, paid=split, at=LATE)
    shown(mia, cast.membership, short)

    asked = []
    for done in (short, long):
        with CaptureQueriesContext(connection) as found:
            shown(mia, cast.membership, done)
        asked.append(len(found))

    assert asked == [7, 7]  # Session, person, membership, deed; products, groups, tenders.


@pytest.mark.req("IV3.29")
def test_the_programmes_site_stands_on_the_card_and_where_one_joins(cast, mia, noor, client):
    cast.card.website = "https://harbour.example/coffee"
    cast.card.save()
    link = (
        '<a class="about-site ltr" href="https://harbour.example/coffee" rel="noopener">'
        "harbour.example/coffee</a>"
    )
    joining = reverse("site:join", args=[cast.card.pk])
    own = reverse("wallet:card", args=[cast.membership.pk])
    pages = [mia.get(own), noor.get(joining), client.get(joining)]

    assert [page.content.decode().count(link) for page in pages] == [1, 1, 1]


@pytest.mark.req("IV3.29")
@pytest.mark.parametrize("site", ["", "http://harbour.example", "ftp://harbour.example"])
def test_a_site_without_encryption_is_no_link(cast, mia, noor, site):
    CardText.objects.create(card=cast.card, language="en", terms="Be kind.")
    cast.card.website = site
    cast.card.save()

    own = mia.get(reverse("wallet:card", args=[cast.membership.pk]))
    joining = noor.get(reverse("site:join", args=[cast.card.pk]))

    for page in (own, joining):
        assert "About this card" in main_text(page)
        assert "Website" not in main_text(page)
        assert "harbour.example" not in page.content.decode()
