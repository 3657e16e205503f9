"""Make the README's pictures again, in about a minute: ``python docs/make_pictures.py``."""

from pathlib import Path

import metastable as mst

FOLDER = Path(__file__).parent / "pictures"


def keep(name, drawing, dpi=120):
    drawing.set_size_inches(7.2, 3.2)
    drawing.savefig(FOLDER / f"{name}.png", dpi=dpi)


def simulate():
    network = mst.networks.litwin_kumar_doiron_2012(r_ee=2.5)
    spikes = mst.simulate(network, duration_ms=3000, seed=1).select(population="E")
    with mst.figures.style():
        drawing = mst.figures.new_figure(7.2, 3.2)
        mst.figures.raster(spikes, ax=drawing.add_subplot())
    keep("simulate", drawing)
    keep("analyse", mst.analysis.analyse(spikes, seed=1)["states"].plot())


def communities():
    spikes, _ = mst.spikes.fellous_2004(n_groups=3, noise_level=2, seed=1)
    keep("communities", mst.analysis.analyse(spikes, seed=1)["groups"].plot())


def reconstruct():
    wired = mst.networks.van_bussel_2011(kind="mixed", n_neurons=20).wire(seed=1)
    spikes = mst.simulate(wired, duration_ms=2000, n_trials=20, drive_spread=0.025, seed=1)
    keep("reconstruct", mst.reconstruction.reconstruct(spikes, model=wired).plot())


def theory():
    diagram = mst.meanfield.bifurcation_diagram(
        lambda j: mst.networks.rost_2018(j_e_plus=j, r_j=0.75), start=1.5, stop=5, n_active=[1, 3, 5, 7]
    )
    with mst.figures.style():
        drawing = mst.figures.new_figure(7.2, 3.2)
        ax = diagram.plot(ax=drawing.add_subplot())
        ax.set_xlabel("clustering J_E+")
    keep("theory", drawing)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for make in (simulate, communities, reconstruct, theory):
        make()
