"""What charts draw: round lines, bars and points where they belong, labels that never meet."""

from datetime import date, timedelta

import pytest

from loyalty.analytics.spans import Step
from staff.admin import charts
from staff.admin.charts import Bar, Series
from staff.admin.scales import HEIGHT, TOP, Scale

MAY = date(2026, 5, 1)

# values    lines
SCALES = [
    ([0, 1], [0, 1]),
    ([3], [0, 1, 2, 3]),
    ([27, 12], [0, 10, 20, 30]),
    ([80], [0, 20, 40, 60, 80]),
    ([810], [0, 500, 1000]),
    ([-30, 90], [-50, 0, 50, 100]),
    ([-7], [-8, -6, -4, -2, 0]),
    ([123_456_789], [0, 50_000_000, 100_000_000, 150_000_000]),
    ([0], [0, 1]),
]


@pytest.mark.parametrize(("values", "lines"), SCALES)
def test_an_axis_has_few_round_lines_with_zero_among_them(values, lines):
    assert Scale.over(values).ticks() == lines


def drawn(*series, days=4, on_axis=charts.counts_on_axis):
    parts = [MAY + timedelta(days=number) for number in range(days)]
    return charts.bars(parts, Step.DAY, series, on_axis=on_axis)


def test_bars_stand_on_the_line_of_zero_side_by_side_and_hang_below_it():
    plot = drawn(
        Series(words="Given", values=[40, 0, 0, 0]), Series(words="Back", values=[0, -40, 1, 0])
    )

    zero, up, down, one = TOP + HEIGHT // 2, TOP, TOP + HEIGHT, 2
    assert [part.bars for part in plot.parts] == [
        [
            Bar(x="3.75%", width="8.75%", y=up, height=zero - up, rank=0),
            Bar(x="12.5%", width="8.75%", y=zero, height=0, rank=1),
        ],
        [
            Bar(x="28.75%", width="8.75%", y=zero, height=0, rank=0),
            Bar(x="37.5%", width="8.75%", y=zero, height=down - zero, rank=1),
        ],
        [
            Bar(x="53.75%", width="8.75%", y=zero, height=0, rank=0),
            Bar(x="62.5%", width="8.75%", y=zero - one, height=one, rank=1),
        ],
        [
            Bar(x="78.75%", width="8.75%", y=zero, height=0, rank=0),
            Bar(x="87.5%", width="8.75%", y=zero, height=0, rank=1),
        ],
    ]
    assert plot.parts[1].words == "2 May: Given 0, Back -40"


def test_a_bar_is_seen_however_small_it_is():
    plot = drawn(Series(words="Given", values=[1_000_000, 1, 0, 0]))

    assert [part.bars[0].height for part in plot.parts] == [HEIGHT, 1, 0, 0]


@pytest.mark.parametrize(("days", "wide", "narrow"), [(1, 1, 1), (7, 7, 4), (30, 8, 4), (62, 8, 4)])
def test_labels_are_few_and_fewer_on_a_narrow_screen(days, wide, narrow):
    labels = drawn(Series(words="Given", values=[1] * days), days=days).labels

    assert (len(labels), len([one for one in labels if not one.is_wide])) == (wide, narrow)
    assert labels[0].text == "1 May"


def test_nothing_is_drawn_of_nothing():
    assert drawn(Series(words="Given", values=[0, 0, 0, 0])) is None
    assert charts.line([MAY], Step.DAY, Series(words="Open", values=[0]), on_axis=str) is None
    assert charts.heat_map(["Mon"], ["0"], [Series(words="Mon", values=[0])]) is None


def test_a_line_goes_from_point_to_point():
    series = Series(words="Open", values=[0, 10])

    plot = charts.line([MAY, MAY + timedelta(days=1)], Step.DAY, series, on_axis=str)

    (stroke,) = plot.strokes
    assert (stroke.x1, stroke.y1, stroke.x2, stroke.y2) == ("25%", TOP + HEIGHT, "75%", TOP)
    assert plot.dots == [("25%", TOP + HEIGHT), ("75%", TOP)]


def test_squares_are_the_darker_the_more():
    series = [
        Series(words="Monday", values=[0, 1, 100]),
        Series(words="Tuesday", values=[50, 0, 0]),
    ]

    heat = charts.heat_map(["Mon", "Tue"], ["9", "10", "11"], series)

    assert [one.level for one in heat.squares] == [0, 1, 5, 3, 0, 0]
    assert heat.squares[2].words == "Monday, 11: 100"


@pytest.mark.parametrize(
    ("currency", "minor", "words"),
    [
        ("EUR", 50, "\u20ac0.50"),
        ("EUR", 20_000, "\u20ac200"),
        ("EUR", 250_000, "\u20ac2.5K"),
        ("JPY", 20_000, "\u00a520K"),
    ],
)
def test_amounts_on_an_axis_are_short(currency, minor, words):
    assert charts.money_on_axis(currency)(minor) == words


def test_the_longest_bar_beside_a_table_is_whole():
    assert charts.shares([40, 10, 0]) == ["100%", "25%", "0%"]
    assert charts.shares([0]) == ["0%"]
