"""Compare the full protocol of Litwin-Kumar & Doiron (2012) with the paper and with a reference run.

Run ``python verification/litwin_kumar_doiron_2012.py [FOLDER]`` (a few minutes). It prints every claim, then the
numbers of a reference run of the same protocol by another program (12 clustered and 4 uniform networks), and ends with
status 1 if a mean lies further from the reference than four standard errors of their difference, or a verdict is not
the expected one.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import metastable as mst

# Statement of the claim: mean of the reference, spread between its networks, number of its networks.
REFERENCE = {
    "E rate, uniform": (2.00, 0.04, 4),
    "E rate, clustered": (3.25, 0.06, 12),
    "Fano factor, 100 ms, uniform (panel b)": (0.795, 0.003, 4),
    "Fano factor, 100 ms, clustered (panel b)": (1.366, 0.09, 12),
    "Count correlation, same cluster, clustered: per trial, a silent trial counts as 0 (panel d)": (0.105, 0.011, 12),
    "Time constant of the same-cluster covariance, clustered (panel f)": (160, 18, 12),
}
# The paper's number that this model does not give; see the note of the claim.
DEVIATIONS = {"Count correlation, same cluster, clustered: per trial, a silent trial counts as 0 (panel d)"}


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("reports/verification-litwin-kumar-doiron-2012")
    report = mst.papers.reproduce("litwin-kumar-doiron-2012", scale="full", seed=2012, output=folder)
    print(report)
    failures = []
    for claim in report.claims:
        expected = "deviates" if claim.statement in DEVIATIONS else "reproduced"
        if claim.interval is not None and claim.verdict != expected:
            failures.append(f"{claim.statement}: {claim.verdict}, expected {expected}")
        if claim.statement in REFERENCE:
            mean, spread, n = REFERENCE[claim.statement]
            error = math.hypot(spread / math.sqrt(n), claim.spread / math.sqrt(len(claim.values)))
            z = (claim.mean - mean) / error
            print(f"  {claim.statement}: {claim.mean:.4g}, reference {mean:g}, z = {z:+.1f}")
            if abs(z) > 4:
                failures.append(f"{claim.statement}: {z:+.1f} standard errors from the reference")
    print("\n".join(failures) or "everything as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
