"""Statistics of spikes from anywhere: rates, Fano factors, correlations, covariances, responses."""

from metastable.statistics._autocovariance import Autocovariance as Autocovariance
from metastable.statistics._autocovariance import autocovariance as autocovariance
from metastable.statistics._cluster_states import ClusterStates as ClusterStates
from metastable.statistics._cluster_states import cluster_states as cluster_states
from metastable.statistics._correlation_matrix import correlation_matrix as correlation_matrix
from metastable.statistics._count_correlations import CorrelationDistribution as CorrelationDistribution
from metastable.statistics._count_correlations import CountCorrelations as CountCorrelations
from metastable.statistics._count_correlations import count_correlations as count_correlations
from metastable.statistics._cross_covariance import CrossCovariance as CrossCovariance
from metastable.statistics._cross_covariance import cross_covariance as cross_covariance
from metastable.statistics._fano_factor import FanoFactorByWindow as FanoFactorByWindow
from metastable.statistics._fano_factor import fano_factor as fano_factor
from metastable.statistics._fano_factor import fano_factor_by_window as fano_factor_by_window
from metastable.statistics._fano_factor_in_time import FanoFactorInTime as FanoFactorInTime
from metastable.statistics._fano_factor_in_time import fano_factor_in_time as fano_factor_in_time
from metastable.statistics._interval_variability import LocalCV2 as LocalCV2
from metastable.statistics._interval_variability import interval_cv as interval_cv
from metastable.statistics._interval_variability import interval_cv2 as interval_cv2
from metastable.statistics._interval_variability import local_cv2 as local_cv2
from metastable.statistics._psth import PSTH as PSTH
from metastable.statistics._psth import bin_centres as bin_centres
from metastable.statistics._psth import cluster_rates as cluster_rates
from metastable.statistics._psth import population_rate as population_rate
from metastable.statistics._psth import psth as psth
from metastable.statistics._rates import firing_rates as firing_rates
from metastable.statistics._rates import mean_rate as mean_rate
from metastable.statistics._response import ResponseProfile as ResponseProfile
from metastable.statistics._response import response_profile as response_profile
from metastable.statistics._smoothing import smooth as smooth
from metastable.statistics._state_durations import StateDurations as StateDurations
from metastable.statistics._time_constant import TimeConstant as TimeConstant
from metastable.statistics._time_constant import fall_time as fall_time
from metastable.statistics._time_constant import fit_time_constant as fit_time_constant

__all__ = [
    "PSTH",
    "Autocovariance",
    "ClusterStates",
    "CorrelationDistribution",
    "CountCorrelations",
    "CrossCovariance",
    "FanoFactorByWindow",
    "FanoFactorInTime",
    "LocalCV2",
    "ResponseProfile",
    "StateDurations",
    "TimeConstant",
    "autocovariance",
    "bin_centres",
    "cluster_rates",
    "cluster_states",
    "correlation_matrix",
    "count_correlations",
    "cross_covariance",
    "fall_time",
    "fano_factor",
    "fano_factor_by_window",
    "fano_factor_in_time",
    "firing_rates",
    "fit_time_constant",
    "interval_cv",
    "interval_cv2",
    "local_cv2",
    "mean_rate",
    "population_rate",
    "psth",
    "response_profile",
    "smooth",
]
