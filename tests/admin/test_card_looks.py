"""The look of a card: colours that can be read, and a preview of what was typed."""

import pytest

from cards.models import Card
from staff.contrast import contrast
from tests.admin.card_forms import page
from tests.admin.desk import at_desk, errors, submit
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.mark.req("R3.3")
def test_a_look_that_cannot_be_read_is_refused_with_the_contrast_it_has():
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), colour="#ffcc00", text_colour="#ffffff")

    assert errors(response) == (
        "The text cannot be read well on this colour: contrast 1.5, needed 4.5."
        " Choose a darker or lighter colour."
    )


@pytest.mark.req("R3.3")
@pytest.mark.parametrize("colour", ["red", "#12", "#gggggg", "url(x)", "#0f6e4f;"])
def test_a_colour_is_a_colour(colour):
    cast = make_cast()

    response = submit(at_desk(cast.petra), page(cast.card), colour=colour)

    assert list(response.context["adminform"].form.errors) == ["colour"]


CONTRASTS = [
    # text      colour     contrast
    ("#000000", "#ffffff", "21.0"),
    ("#ffffff", "#ffffff", "1.0"),
    ("#ffffff", "#0f6e4f", "6.2"),
    ("#777777", "#ffffff", "4.5"),
]


@pytest.mark.req("R3.3")
@pytest.mark.parametrize(("text", "colour", "expected"), CONTRASTS)
def test_contrast_is_measured_as_wcag_does(text, colour, expected):
    assert f"{contrast(text, colour):.1f}" == expected


@pytest.mark.req("R3.3")
def test_the_preview_is_drawn_by_the_server_and_shows_what_was_typed():
    cast = make_cast()
    Card.objects.filter(pk=cast.card.pk).update(name="<b>Bold</b>", colour="#123456", icon="cup")

    body = at_desk(cast.petra).get(page(cast.card)).content.decode()

    drawn = body[body.index("data-card-preview") : body.index("data-contrast")]
    assert ('fill="#123456"' in drawn, 'href="#card-cup"' in drawn) == (True, True)
    assert ("&lt;b&gt;Bold" in drawn, "<b>Bold" in drawn) == (True, False)
