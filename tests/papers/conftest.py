import dataclasses

import pytest

from metastable.papers import load
from metastable.papers._paper import Scale
from metastable.papers._reproduce import reproduce_paper


@pytest.fixture(scope="session")
def at_small_scale():
    """Reproduce a paper with numbers of a small scale: all of them, or changes of those of its quick scale."""

    def reproduce(key, numbers, folder, *, figures=None, data=None):
        paper = load(key)
        quick = paper.scales["quick"].numbers
        small = Scale("quick", "small", quick | numbers)
        return reproduce_paper(
            dataclasses.replace(paper, scales={"quick": small}),
            scale="quick",
            seed=1,
            output=folder,
            figures=figures,
            n_jobs=2,
            fresh=False,
            progress=False,
            say=lambda text: None,
            data=data,
        )

    return reproduce
