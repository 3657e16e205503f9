import json

import numpy as np
import pytest

from metastable.networks import FiniteSizeNetwork


def test_data_comes_back_from_json():
    net = FiniteSizeNetwork(weights=np.eye(2), stimulus=[[1, 2], [3, 4]], sigma=[0, 1], noise=("t", np.int64(5)))
    back = FiniteSizeNetwork.from_dict(json.loads(json.dumps(net.to_dict())))
    assert back == net
    assert hash(back) == hash(net)


def test_arrays_that_were_given_stay_their_owner_s():
    weights = np.zeros((2, 2))
    net = FiniteSizeNetwork(weights=weights)
    weights[0, 1] = 1
    assert not net.weights.any()
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0, 1] = 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"stimulus": np.zeros((0, 2))}, ValueError, "stimulus is empty"),
        ({"sizes": [1, 1]}, TypeError, r"sizes must be populations and their neurons.*got \[1, 1\]"),
        ({"noise": 5}, TypeError, r"noise must be a name, or a tuple .* got 5"),
        ({"noise": None}, TypeError, "noise must be a name"),
        ({"noise": ()}, TypeError, "noise must be a name"),
        ({"noise": "t"}, ValueError, "noise='t' has no finite mean and variance"),
        ({"sizes": {"E": 3}}, ValueError, "add up to 3, but weights are of 2 neurons"),
        ({"sigma": -1}, ValueError, "sigma must be at least 0, got -1"),
        ({"weights": [[0, np.nan], [0, 0]]}, ValueError, "weights holds NaN"),
        ({"correlation": -1.1}, ValueError, "correlation of 2 neurons must lie between -1 and 1"),
        ({"correlation": [[1, 2], [2, 1]]}, ValueError, "correlation is not positive"),
        ({"noise": "uniform", "correlation": 0.5}, ValueError, "must be independent"),
    ],
)
def test_refusals(changes, error, message):
    with pytest.raises(error, match=message):
        FiniteSizeNetwork(**{"weights": np.zeros((2, 2))} | changes)


def test_refusals_of_methods():
    with pytest.raises(TypeError, match="sizes must be populations"):
        FiniteSizeNetwork.homogeneous([1, 1], coupling=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="sizes is empty"):
        FiniteSizeNetwork.homogeneous({}, coupling=np.zeros((0, 0)))
    with pytest.raises(ValueError, match=r"activity must have shape \(\.\.\., 2\), got \(3,\)"):
        FiniteSizeNetwork(weights=np.zeros((2, 2))).drive([0, 1, 0])
