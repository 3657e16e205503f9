"""Everything about one recording as one page: here a simulated one; `mst.spikes.read(file)` takes files."""

import metastable as mst

spikes, _ = mst.spikes.fellous_2004(n_groups=3, noise_level=1, seed=1)
report = mst.analysis.analyse(spikes, title="three planted groups", seed=1)
print(report)
print(report["groups"].numbers[0].value, "groups;", len(report.missing), "notes")
print("open", report.save("report"))
