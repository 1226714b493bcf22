"""Customers are found by whatever was written down of them."""

import pytest
from django.db import connection

from loyalty.members import searching
from loyalty.members.models import ConsentSource, Member, Membership
from loyalty.operations import enrolments
from loyalty.operations.enrolments import Consent, Person
from tests.cast import deed, make_cast

pytestmark = pytest.mark.django_db


def guest(cast, **person):
    return enrolments.enrol_at_counter(
        deed=deed(cast.sam),
        card_id=cast.card.pk,
        person=Person(**({"first_name": "Gus"} | person)),
        consent=Consent(version="2026-11", source=ConsentSource.COUNTER),
    )


def found(typed, phones=()):
    return searching.ids_of_matching(
        Membership.objects.all(), Member.objects.all(), typed=typed, phones=phones
    )


@pytest.mark.req("CU6")
@pytest.mark.parametrize(
    "typed",
    [
        "\u00c9lodie N\u00fa\u00f1ez",
        "nunez elodie",
        "ELO",
        "n\u00fa",
        "lodie",
        "el nu",
        "elodie@nunez",
        "+351 912 345 678",
        "912-345-678",
        "0912 345 678",
        "00351912345678",
        "\u0669\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    ],
)
def test_a_customer_is_found_in_any_order_case_accent_and_writing(typed):
    cast = make_cast()
    elodie = guest(
        cast,
        first_name="\u00c9lodie",
        last_name="N\u00fa\u00f1ez",
        phone="+351912345678",
        email="Elodie@Nunez.example",
    )
    guest(cast, first_name="Bob", last_name="Lodge", phone="+351911111111")

    assert found(typed) == [elodie.pk]


@pytest.mark.req("CU6")
def test_a_customer_is_found_by_card_number_its_part_and_by_the_code_of_the_qr():
    cast = make_cast()
    other = guest(cast)
    spaced = f"{other.code[:4]} {other.code[4:8]}-{other.code[8:]}".lower()

    by = [other.number, other.number.lower(), other.number[3:], spaced, other.member.code.lower()]

    assert [found(typed) for typed in by] == [[other.pk]] * len(by)


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "\u0301", "zz", "%", "_", "\\", "+", "9" * 400, "\U0001f600"),
        *("' ' '", "\\ \\'", "a:* | b", "x" * 3000 + " y", "% %", "!a & (b"),
    ],
)
def test_nonsense_finds_nobody(typed):
    make_cast()

    assert found(typed) == []


def test_a_short_word_is_the_beginning_of_one():
    cast = make_cast()
    lo = guest(cast, first_name="Lo", last_name="Chen")
    guest(cast, first_name="Milo", last_name="Berg")

    assert found("lo") == [lo.pk]
    assert len(found("milo")) == 1


@pytest.mark.req("CU6")
@pytest.mark.parametrize(
    ("typed", "whom"),
    [
        # typed          who begins so, else who has it anywhere
        ("kim alber", ["Kim Maria Alberts"]),
        ("alberts kim", ["Kim Maria Alberts"]),
        ("alb mar", ["Kim Maria Alberts"]),
        ("oakim alb", ["Joakim Alberts"]),
        ("kim bert", ["Kim Maria Alberts", "Joakim Alberts"]),
        ("kim", ["Kim Maria Alberts", "Joakim Alberts"]),
        ("kim o'br", ["Kim O'Brien\\x"]),
        ("brien\\x kim", ["Kim O'Brien\\x"]),
    ],
)
def test_those_whose_words_begin_like_several_that_are_typed_are_meant_first(typed, whom):
    cast = make_cast()
    people = [("Kim Maria", "Alberts"), ("Joakim", "Alberts"), ("Kim", "O'Brien\\x")]
    for first, last in people if "'" in whom[0] else people[:2]:
        guest(cast, first_name=first, last_name=last)

    keys = found(typed)

    names = Membership.objects.filter(pk__in=keys).order_by("pk").select_related("member")
    assert [one.member.full_name() for one in names] == whom


def test_the_text_follows_the_row():
    cast = make_cast()
    member = guest(cast).member

    member.last_name = "\u00d8sterg\u00e5rd"
    member.save(update_fields=["last_name", "search_text"])

    assert Member.objects.get(pk=member.pk).search_text.startswith(" gus \u00f8stergard ")
    assert len(found("\u00d8STERGARD")) == 1


@pytest.mark.req("CU6")
def test_a_search_is_one_statement(django_assert_num_queries):
    make_cast()

    with django_assert_num_queries(1):
        found("Mia 912 345", ["+351912345678"])


@pytest.mark.postgresql
def test_no_part_of_a_search_reads_all_members():
    make_cast()
    plans = [explained(typed) for typed in ("mia", "ab", "912 345 678", "HC000", "mia ab")]

    assert "member_by_word" in plans.pop()
    assert [plan for plan in plans if "Seq Scan" in plan] == []
    assert [plan for plan in plans if "member_by_search_text" not in plan] == []


def explained(typed):
    """Return how the database would do a search if it had many rows."""
    seen = []

    def note(execute, sql, params, many, context):
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        found(typed)
    [(sql, params)] = seen
    with connection.cursor() as cursor:
        # Nor row by row along another index, which is shorter while there are few members.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {sql}", params)
        return "\n".join(row[0] for row in cursor.fetchall())


@pytest.mark.req("CU6")
def test_whoever_has_just_this_number_phone_or_address_is_meant_and_nobody_else():
    cast = make_cast()
    ann = guest(cast, first_name="Ann", phone="+351912345678", email="ann@x.example")
    bea = guest(cast, first_name="Bea", phone="+3519123456780", email="joann@x.example.com")
    Membership.objects.filter(pk=ann.pk).update(number="CK900")
    Membership.objects.filter(pk=bea.pk).update(number="CK9001")

    asked = ["ck900", "k900", "Ann@X.example", "ann@x", "912345678"]

    assert [sorted(found(typed, ["+351912345678"] * typed.isdecimal())) for typed in asked] == [
        [ann.pk],
        [ann.pk, bea.pk],
        [ann.pk],
        [ann.pk, bea.pk],
        [ann.pk],
    ]
