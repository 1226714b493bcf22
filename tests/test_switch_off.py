"""Switching rules off: the table fits the product, and the draw and the verdict are right."""

import pytest

from tests import coverage_page, switch_off
from tests.switch_off import Noticed, Rule, SwitchError

RULES = switch_off.read_rules(switch_off.TABLE.read_text(encoding="utf-8"))


def a_rule(text="x > 1", replacement="x > 2", file="a.py", requirement="R1.1"):
    return Rule(requirement=requirement, file=file, text=text, replacement=replacement)


@pytest.fixture(scope="module")
def proofs():
    return coverage_page.read_marks()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.requirement} {rule.file}")
def test_a_rule_of_the_table_stands_once_in_the_product_and_has_tests(rule, proofs):
    source = (coverage_page.ROOT / rule.file).read_text(encoding="utf-8")

    assert switch_off.broken(rule, source) != source
    assert switch_off.tests_of([rule.requirement], proofs) != []


def test_a_seed_draws_the_same_rules_and_each_requirement_once_first():
    drawn = switch_off.draw(RULES, draws=10, seed=2026)

    assert drawn == switch_off.draw(RULES[::-1], draws=10, seed=2026)
    assert drawn != switch_off.draw(RULES, draws=10, seed=2027)
    assert len({rule.requirement for rule in drawn}) == 10


def test_the_command_line_draws_or_names():
    rules = [a_rule(), a_rule(requirement="R2.1")]

    assert switch_off.chosen(["--id", "R2.1"], rules) == [rules[1]]
    assert len(switch_off.chosen(["--draws", "1"], rules)) == 1


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (a_rule(), "x > 3"),
        (a_rule(), "x > 1 or x > 1"),
        (a_rule(replacement="x > 1"), "x > 1"),
        (a_rule(replacement="x >"), "x > 1"),
    ],
)
def test_a_rule_that_cannot_be_switched_off_is_refused(rule, source):
    with pytest.raises(SwitchError):
        switch_off.broken(rule, source)


def test_only_a_test_that_failed_has_noticed():
    ends = '<testcase name="a"><failure/></testcase><testcase name="b"/>'
    skipped = '<testcase name="c"><skipped/></testcase>'

    assert switch_off.read_report(f"<s>{ends}{skipped}</s>") == Noticed(failed=("a",), ran=2)
    with pytest.raises(SwitchError):
        switch_off.read_report('<s><testcase name="a"><error/></testcase></s>')


@pytest.mark.slow
def test_a_broken_rule_is_noticed_and_put_back(tmp_path, capsys):
    copy = tmp_path / "tree"
    (copy / "tests").mkdir(parents=True)
    (copy / "pytest.ini").write_text("[pytest]\nmarkers =\n    req\n    browser\n    postgresql\n")
    (copy / "a.py").write_text("def big(x):\n    return x > 1\n")
    (copy / "tests" / "test_a.py").write_text(
        "import sys; sys.path.insert(0, '.')\nimport pytest, a\n"
        "@pytest.mark.req('R1.1')\ndef test_two_is_big(): assert a.big(2)\n"
        "@pytest.mark.req('R1.1')\ndef test_nine_is_big(): assert a.big(9)\n"
    )
    proofs = coverage_page.read_marks(copy)

    assert switch_off.try_out([a_rule()], proofs=proofs, copy=copy) is True
    assert switch_off.try_out([a_rule(replacement="x>1")], proofs=proofs, copy=copy) is False

    assert (copy / "a.py").read_text() == "def big(x):\n    return x > 1\n"
    said = capsys.readouterr().out
    assert "R1.1 off in a.py: noticed, 1 of 2 tests failed\n  test_two_is_big\n" in said
    assert "R1.1 off in a.py: NOT NOTICED, 0 of 2 tests failed\n" in said
