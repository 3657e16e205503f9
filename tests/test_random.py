import itertools

import numpy as np
import pytest

from metastable._random import Purpose, resolve_seed, stream


def test_purposes_are_never_renumbered():
    assert (Purpose.WIRING, Purpose.BIAS, Purpose.INITIAL_STATE) == (0, 1, 2)
    assert len({p.value for p in Purpose}) == len(Purpose.__members__)


def test_streams_are_addressed_not_consumed():
    first = stream(1, Purpose.BIAS, 3).random(5)
    stream(1, Purpose.BIAS, 2).random(1000)
    np.testing.assert_array_equal(stream(1, Purpose.BIAS, 3).random(5), first)


def test_streams_stay_what_they_were():
    # Part of the file format: a change here breaks `rerun` of every saved recording.
    drawn = stream(7, Purpose.INITIAL_STATE, 0, 3).integers(0, 2**32, size=3).tolist()
    assert drawn == [4274013589, 1304752707, 1666028720]


def test_addresses_do_not_collide():
    addresses = [()] + [a for n in (1, 2, 3) for a in itertools.product((0, 1, 2), repeat=n)]
    draws = {
        (seed, purpose, address): stream(seed, purpose, *address).integers(0, 2**63)
        for seed in (0, 1)
        for purpose in Purpose
        for address in addresses
    }
    # numpy's SeedSequence does tell () from (0,), and (0,) from (0, 0), once a purpose stands before them.
    assert len(set(draws.values())) == len(draws)


def test_none_draws_entropy_that_can_be_recorded():
    seeds = {resolve_seed(None) for _ in range(20)}
    assert len(seeds) == 20
    assert all(type(seed) is int and 0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError), ("1", TypeError)])
def test_seeds_that_are_refused(seed, error):
    with pytest.raises(error, match="seed must be "):
        resolve_seed(seed)


def test_numpy_integers_become_plain():
    assert type(resolve_seed(np.int64(3))) is int
