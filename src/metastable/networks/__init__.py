"""Structure as data: populations, clusters, connections, stimuli, and the wirings drawn from them."""

from metastable.networks._binary_network import BinaryNetwork as BinaryNetwork
from metastable.networks._binary_network import BinaryPopulation as BinaryPopulation
from metastable.networks._cluster_layout import ClusterLayout as ClusterLayout
from metastable.networks._clustered_ei_lif import clustered_ei_lif as clustered_ei_lif
from metastable.networks._clustered_ei_lif import nest_ei_clustered as nest_ei_clustered
from metastable.networks._clustered_ei_lif import rostami_2024 as rostami_2024
from metastable.networks._clustered_ei_lif import schmitt_2023 as schmitt_2023
from metastable.networks._connection import Block as Block
from metastable.networks._connection import Connection as Connection
from metastable.networks._disordered_network import DisorderedNetwork as DisorderedNetwork
from metastable.networks._finite_size_network import FiniteSizeNetwork as FiniteSizeNetwork
from metastable.networks._lif_network import LIFNetwork as LIFNetwork
from metastable.networks._lif_network import Population as Population
from metastable.networks._lif_network import Synapse as Synapse
from metastable.networks._litwin_kumar_doiron_2012 import litwin_kumar_doiron_2012 as litwin_kumar_doiron_2012
from metastable.networks._pulse_network import PulseNetwork as PulseNetwork
from metastable.networks._rost_2018 import rost_2018 as rost_2018
from metastable.networks._stimulus import Stimulus as Stimulus
from metastable.networks._van_bussel_2011 import van_bussel_2011 as van_bussel_2011
from metastable.networks._wired_lif_network import WiredLIFNetwork as WiredLIFNetwork
from metastable.networks._wired_pulse_network import WiredPulseNetwork as WiredPulseNetwork
from metastable.networks._wiring import WiredBinaryNetwork as WiredBinaryNetwork

__all__ = [
    "BinaryNetwork",
    "BinaryPopulation",
    "Block",
    "ClusterLayout",
    "Connection",
    "DisorderedNetwork",
    "FiniteSizeNetwork",
    "LIFNetwork",
    "Population",
    "PulseNetwork",
    "Stimulus",
    "Synapse",
    "WiredBinaryNetwork",
    "WiredLIFNetwork",
    "WiredPulseNetwork",
    "clustered_ei_lif",
    "litwin_kumar_doiron_2012",
    "nest_ei_clustered",
    "rost_2018",
    "rostami_2024",
    "schmitt_2023",
    "van_bussel_2011",
]
