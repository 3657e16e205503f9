"""Compare the full protocol of Rost, Deger & Nawrot (2018) with the paper and with reference numbers.

Run ``python verification/rost_2018.py [FOLDER]``. It prints every claim and ends with status 1 if a verdict is not the
expected one. The claims that do not hold, here and in the reference computations, are listed below.
"""

from __future__ import annotations

import sys
from pathlib import Path

import metastable as mst

# Beginnings of the statements that deviate.
DEVIATIONS = (
    "Ratio 2, m_X = 0.03: amplitude of the limit cycle",
    "J_+ at which the homogeneous state is lost, 10 % background",
    "Share of samples with a single active cluster, E at 2.9",
    "Share of samples with a cluster above 0.7, E/I at 4",
    "Mean duration of an",
    "CV2 in active clusters, E/I clusters",
    "Peak of sigma_m^2 with E/I clusters minus that with E clusters, 0-1000 ms",
)


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("reports/verification-rost-2018")
    report = mst.papers.reproduce("rost-2018", scale="full", seed=2018, output=folder)
    print(report)
    unexpected = [
        f"{claim.statement}: {claim.verdict}"
        for claim in report.claims
        if claim.interval is not None and claim.verdict != "reproduced" and not claim.statement.startswith(DEVIATIONS)
    ]
    print("\n".join(unexpected) or "everything as expected")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
