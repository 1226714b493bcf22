"""What a row of the ledger is called where only its name is shown."""

from loyalty.ledger.models import Firing, LineMatch


def test_a_row_is_called_by_what_it_is_and_its_key():
    assert [str(LineMatch(pk=3)), str(Firing(pk=4))] == ["line match 3", "firing 4"]
