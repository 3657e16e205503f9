"""Groups in spike trains: similarity, modularity, significance."""

from metastable.communities._agreement import normalized_mutual_information as normalized_mutual_information
from metastable.communities._agreement import variation_of_information as variation_of_information
from metastable.communities._communities import Communities as Communities
from metastable.communities._detect import detect as detect
from metastable.communities._detect_responses import detect_responses as detect_responses
from metastable.communities._distances import van_rossum_distance as van_rossum_distance
from metastable.communities._distances import victor_purpura_distance as victor_purpura_distance
from metastable.communities._maximise_modularity import maximise_modularity as maximise_modularity
from metastable.communities._modularity import modularity as modularity
from metastable.communities._modularity import modularity_matrix as modularity_matrix
from metastable.communities._partition import Partition as Partition
from metastable.communities._similarity import similarity_matrix as similarity_matrix
from metastable.communities._timescales import isi_timescales as isi_timescales

__all__ = [
    "Communities",
    "Partition",
    "detect",
    "detect_responses",
    "isi_timescales",
    "maximise_modularity",
    "modularity",
    "modularity_matrix",
    "normalized_mutual_information",
    "similarity_matrix",
    "van_rossum_distance",
    "variation_of_information",
    "victor_purpura_distance",
]
