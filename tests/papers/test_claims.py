import json
import math

import numpy as np
import pytest

from metastable.papers import Claim


def claim(values, interval=(1.0, 2.0)):
    return Claim("a number", "1.5", interval, np.asarray(values, float))


def test_mean_inside_the_interval_is_reproduced():
    assert claim([0.0, 3.0]).verdict == "reproduced"
    assert claim([1.0]).verdict == "reproduced"


def test_mean_outside_by_more_than_its_confidence_interval_deviates():
    # mean 3, s.d. 0.1, n = 4: half width 3.182 * 0.1 / 2 = 0.159, distance 1.
    assert claim(3 + 0.1 * np.array([-1, -1, 1, 1]) * math.sqrt(3 / 4)).verdict == "deviates"


def test_mean_outside_by_less_than_its_confidence_interval_is_undecided():
    values = 2.1 + 0.1 * np.array([-1, -1, 1, 1]) * math.sqrt(3 / 4)
    assert claim(values).verdict == "undecided"
    assert claim(values + 0.05).verdict == "undecided"  # distance .15 < .159
    assert claim(values + 0.07).verdict == "deviates"  # distance .17 > .159


def test_a_mean_of_no_sure_sign_does_not_reproduce_that_something_rises():
    values = 0.1 * np.array([-1, -1, 1, 1]) * math.sqrt(3 / 4)  # half width .159
    rises = (0.0, math.inf)
    assert claim(values + 0.15, rises).verdict == "undecided"
    assert claim(values + 0.17, rises).verdict == "reproduced"
    assert claim(values - 0.15, rises).verdict == "undecided"
    assert claim(values - 0.17, rises).verdict == "deviates"
    assert claim(-values - 0.17, (-math.inf, 0.0)).verdict == "reproduced"
    assert claim([0.1], rises).verdict == "reproduced"
    assert claim([0.0, 0.0, 0.0], rises).verdict == "undecided"
    # An exact number on the bound will not move.
    assert Claim("a number", "above 0", rises, np.zeros(1), exact=True).verdict == "deviates"


def test_one_network_outside_cannot_decide():
    assert claim([5.0]).verdict == "undecided"
    assert math.isnan(claim([5.0]).spread)


def test_without_interval_it_is_reported():
    assert claim([5.0], None).verdict == "reported"


def test_undefined_measurement_is_undecided():
    assert claim([math.nan, 1.5]).verdict == "undecided"


@pytest.mark.parametrize("interval", [None, (-math.inf, 1.0)])
def test_json_has_no_infinity(interval):
    text = json.dumps(claim([1.0], interval).to_dict(), allow_nan=False)
    assert json.loads(text)["mean"] == 1.0


def test_measured_names_spread_and_number_of_networks():
    assert claim([1.0, 2.0]).measured == "1.500 ± 0.707 (2 networks)"


def test_measured_counts_networks_in_which_it_is_undefined():
    assert claim([1.0, math.nan, 2.0]).measured == "1.500 ± 0.707 (undefined in 1 of 3 networks)"
    assert claim([math.nan, 2.0]).measured == "2 (undefined in 1 of 2 networks)"
    assert claim([math.nan, math.nan]).measured == "undefined in 2 of 2 networks"


@pytest.mark.parametrize(
    ("interval", "text"),
    [(None, ""), ((1, 2.5), "1 to 2.5"), ((0, math.inf), "above 0"), ((-math.inf, -0.4), "below -0.4")],
)
def test_accepted_interval_as_text(interval, text):
    assert claim([1.0], interval).accepted == text
