import json

import numpy as np
import pytest

from metastable.networks import DisorderedNetwork


def mixed(**changes):
    given = {
        "sizes": {"E": 3, "I": 2},
        "mean": [[8, -6], [7, -5]],
        "sd": [[1, 2], [0, 3]],
        "probability": [[0.3, 1], [1, 0.6]],
        "in_degree": [2, 4],
        "threshold": [1, 0.5],
        "stimulus": [0.25, -1],
    }
    return DisorderedNetwork(**{**given, **changes})


def test_wired_weights_have_the_law_that_was_asked_for():
    disorder = mixed(sizes={"E": 60, "I": 40})
    weights = disorder.wire(seed=2).weights
    assert not np.diagonal(weights).any()
    part = {"E": slice(0, 60), "I": slice(60, 100)}
    for a, post in enumerate("EI"):
        for b, pre in enumerate("EI"):
            block = weights[part[post], part[pre]]
            pairs = block[~np.eye(len(block), dtype=bool)] if a == b else block.ravel()
            there = pairs[pairs != 0]
            p, degree = disorder.probability[a, b], disorder.in_degree[a]
            assert abs(there.size - p * pairs.size) <= 4 * np.sqrt(p * (1 - p) * pairs.size)
            mean, sd = disorder.mean[a, b] / degree, disorder.sd[a, b] / degree
            assert abs(there.mean() - mean) <= 4 * sd / np.sqrt(there.size) + 1e-12
            assert abs(there.std() - sd) <= 4 * sd / np.sqrt(2 * there.size) + 1e-12


def test_wiring_is_addressed_by_seed_and_number():
    disorder = mixed()
    assert disorder.wire(seed=1) == disorder.wire(seed=1)
    assert disorder.wire(seed=1) != disorder.wire(seed=2)
    assert disorder.wire(seed=1, network=1) != disorder.wire(seed=1)
    net = disorder.wire(seed=1)
    assert net.threshold.tolist() == [1, 1, 1, 0.5, 0.5]
    assert net.stimulus.tolist() == [0.25, 0.25, 0.25, -1, -1]
    assert net.is_noiseless
    assert dict(net.sizes) == {"E": 3, "I": 2}


def test_more_connections_leave_the_others_as_they_are():
    few, many = mixed().wire(seed=3).weights, mixed(probability=1).wire(seed=3).weights
    assert (few != many).any()
    assert (few[few != 0] == many[few != 0]).all()


def test_data_comes_back_from_json():
    disorder = mixed()
    assert DisorderedNetwork.from_dict(json.loads(json.dumps(disorder.to_dict()))) == disorder
    assert disorder.with_stimulus(0) != disorder
    assert disorder.with_stimulus([1, 2]).stimulus.tolist() == [1, 2]
    assert len({disorder, mixed()}) == 1


def test_a_column_for_each_neuron_is_no_matrix_of_populations():
    with pytest.raises(ValueError, match=r"mean must be one number or have shape \(2, 2\), got \(2,\)"):
        mixed(mean=[8, -6])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sizes": {}}, "sizes is empty"),
        ({"sizes": {"E": 0, "I": 1}}, r"sizes\['E'\] must be at least 1, got 0"),
        ({"sd": -1}, "sd must be at least 0, got -1"),
        ({"sd": np.nan}, "sd holds NaN or infinite values; give finite ones"),
        ({"probability": 1.5}, "probability must lie between 0 and 1, got 1.5"),
        ({"in_degree": 0}, "in_degree must be above 0, got 0"),
        ({"stimulus": [1, 2, 3]}, r"stimulus must be one number or have shape \(2,\), got \(3,\)"),
    ],
)
def test_refusals(changes, message):
    with pytest.raises(ValueError, match=message):
        mixed(**changes)
