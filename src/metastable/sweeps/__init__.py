"""Many runs: what varies, what is measured, on all cores or a cluster; stopped at any moment, and taken up again."""

from metastable.sweeps._estimate import Estimate as Estimate
from metastable.sweeps._estimate import estimate as estimate
from metastable.sweeps._job import Failure as Failure
from metastable.sweeps._results import load as load
from metastable.sweeps._run import SweepResult as SweepResult
from metastable.sweeps._run import run as run
from metastable.sweeps._sweep import Sweep as Sweep

__all__ = ["Estimate", "Failure", "Sweep", "SweepResult", "estimate", "load", "run"]
