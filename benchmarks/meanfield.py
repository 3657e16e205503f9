"""Time the search of fixed points, the bifurcation diagrams and the map, beside the paper's random starts.

Run with ``python benchmarks/meanfield.py``. Random starts integrate the equations of all groups from random rates and
solve from there (Rost et al. 2018, section 3.1); they are timed in the same run, and what they find is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import metastable as mst

mf = mst.meanfield
rost = mst.networks.rost_2018


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def fixed_points(name: str, **parameters: float) -> None:
    net = rost(**parameters)
    seconds, points = timed(lambda: mf.fixed_points(net))
    n_starts = 1000
    random_seconds, found = timed(lambda: mf.fixed_points(net, method="random_starts", n_starts=n_starts, seed=1))
    stable = sum(point.stable for point in points)
    print(f"fixed points, {name}")
    print(f"  closure                {seconds:7.2f} s   {len(points):3d} states, {stable} stable")
    print(
        f"  {n_starts} random starts     {random_seconds:7.2f} s   {len(found):3d} states   "
        f"ratio {random_seconds / seconds:.1f}"
    )


def diagram(name: str, family: Callable[[float], Any], start: float, stop: float) -> None:
    seconds, found = timed(lambda: mf.bifurcation_diagram(family, start=start, stop=stop))
    n_points = sum(branch.parameter.size for branch in found.branches)
    net = family(0.5 * (start + stop))
    one, _ = timed(lambda: mf.fixed_points(net, method="random_starts", n_starts=1000, seed=1))
    print(f"bifurcation diagram, {name}")
    print(f"  continuation           {seconds:7.2f} s   {len(found.branches)} branches, {n_points} points")
    print(f"  1000 random starts     {one:7.2f} s   at one of these points")


def up_states() -> None:
    x, y = np.linspace(1.05, 20, 77), np.linspace(0, 1, 21)
    seconds, found = timed(lambda: mf.up_state_map(lambda j, r: rost(j_e_plus=j, r_j=r), x=x, y=y))
    print("map of up-states, J_E+ x R_J")
    print(f"  continuation by rows   {seconds:7.2f} s   {x.size} x {y.size} values, {found}")


def main() -> None:
    fixed_points("E clusters, J_+ = 2.9", j_e_plus=2.9)
    fixed_points("E/I clusters, J_E+ = 4, R_J = 3/4", j_e_plus=4, r_j=0.75)
    fixed_points("E/I clusters, J_E+ = 20, R_J = 3/4", j_e_plus=20, r_j=0.75)
    diagram("E clusters, J_+ 1 to 4, all k", lambda j: rost(j_e_plus=j), 1, 4)
    diagram("E/I clusters, R_J = 3/4, J_E+ 1 to 20, all k", lambda j: rost(j_e_plus=j, r_j=0.75), 1, 20)
    up_states()


if __name__ == "__main__":
    main()
