"""Mean-field theory of clustered binary networks."""

from metastable.meanfield._mean_field import MeanField as MeanField

__all__ = ["MeanField"]
