"""The mean-field equations once more, written out for all 2Q groups, sharing no code with the package."""

import numpy as np
import pytest
from scipy.optimize import root
from scipy.special import erfc


class Dense:
    """Equations of Q excitatory and Q inhibitory clusters (or one inhibitory population) for given J_E+ and J_I+."""

    def __init__(self, j_e=1.0, j_i=1.0, *, q=20, g=1.2, m_x=0.03, tau_ratio=0.5, n_e=4000, one_inhibitory=True):
        n_i, p_ee, p = n_e // 4, 0.2, 0.5
        je = 1 / np.sqrt(p_ee * n_e)
        ji = 1 / np.sqrt(p * n_e)
        weight = {"ee": je, "ei": -g * je * p_ee * n_e / (p * n_i), "ie": ji, "ii": -ji * n_e / n_i}
        prob = {"ee": p_ee, "ei": p, "ie": p, "ii": p}
        n_inhibitory = 1 if one_inhibitory else q
        kinds = ["e"] * q + ["i"] * n_inhibitory
        cluster = [*range(q), *range(n_inhibitory)]
        n = len(kinds)
        self.a, self.b = np.zeros((2, n, n))
        for r in range(n):
            for c in range(n):
                pair = kinds[r] + kinds[c]
                plus = j_e if pair == "ee" else j_i
                minus = (q - plus) / (q - 1) if q > 1 else 1.0
                clustered = pair == "ee" or not one_inhibitory
                factor = (plus if cluster[r] == cluster[c] else minus) if clustered else 1.0
                size = (n_e if kinds[c] == "e" else n_i) / (q if kinds[c] == "e" or not one_inhibitory else 1)
                j = weight[pair] * factor
                self.a[r, c] = size * prob[pair] * j
                self.b[r, c] = size * prob[pair] * (1 - prob[pair]) * j * j
        j_x = np.sqrt(p_ee * n_e)
        self.h = np.array([(1.0 if k == "e" else 0.8) * j_x * m_x - 1 for k in kinds])
        self.tau = np.array([10.0 if k == "e" else 10.0 * tau_ratio for k in kinds])

    def response(self, m):
        s2 = self.b @ m
        return 0.5 * erfc(-(self.a @ m + self.h) / np.sqrt(2 * np.maximum(s2, 1e-200)))

    def derivative(self, m):
        return (self.response(m) - m) / self.tau

    def solve(self, start):
        """Find a fixed point by MINPACK; the rates, or None."""
        with np.errstate(all="ignore"):
            found = root(lambda m: self.response(np.maximum(m, 0)) - m, start, tol=1e-13)
        good = found.success and np.abs(self.response(np.maximum(found.x, 0)) - found.x).max() < 1e-9
        return found.x if good else None


@pytest.fixture(scope="session")
def dense():
    return Dense
