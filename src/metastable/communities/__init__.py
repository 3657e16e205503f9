"""Groups in spike trains: similarity, modularity, significance, and what the groups do."""

from metastable.communities._agreement import adjusted_rand_index as adjusted_rand_index
from metastable.communities._agreement import normalized_mutual_information as normalized_mutual_information
from metastable.communities._agreement import variation_of_information as variation_of_information
from metastable.communities._coherence import Coherence as Coherence
from metastable.communities._coherence import coherence as coherence
from metastable.communities._communities import Communities as Communities
from metastable.communities._detect import detect as detect
from metastable.communities._detect_responses import detect_responses as detect_responses
from metastable.communities._distances import van_rossum_distance as van_rossum_distance
from metastable.communities._distances import victor_purpura_distance as victor_purpura_distance
from metastable.communities._group_activity import GroupActivity as GroupActivity
from metastable.communities._group_activity import group_activity as group_activity
from metastable.communities._group_membership import GroupMembership as GroupMembership
from metastable.communities._group_membership import group_membership as group_membership
from metastable.communities._maximise_modularity import maximise_modularity as maximise_modularity
from metastable.communities._modularity import modularity as modularity
from metastable.communities._modularity import modularity_matrix as modularity_matrix
from metastable.communities._partition import Partition as Partition
from metastable.communities._power_spectrum import PowerSpectrum as PowerSpectrum
from metastable.communities._power_spectrum import power_spectrum as power_spectrum
from metastable.communities._recurrence import Recurrence as Recurrence
from metastable.communities._recurrence import recurrence as recurrence
from metastable.communities._similarity import similarity_matrix as similarity_matrix
from metastable.communities._sliding_windows import sliding_windows as sliding_windows
from metastable.communities._timescales import isi_timescales as isi_timescales
from metastable.communities._windows import SlidingWindows as SlidingWindows

__all__ = [
    "Coherence",
    "Communities",
    "GroupActivity",
    "GroupMembership",
    "Partition",
    "PowerSpectrum",
    "Recurrence",
    "SlidingWindows",
    "adjusted_rand_index",
    "coherence",
    "detect",
    "detect_responses",
    "group_activity",
    "group_membership",
    "isi_timescales",
    "maximise_modularity",
    "modularity",
    "modularity_matrix",
    "normalized_mutual_information",
    "power_spectrum",
    "recurrence",
    "similarity_matrix",
    "sliding_windows",
    "van_rossum_distance",
    "variation_of_information",
    "victor_purpura_distance",
]
