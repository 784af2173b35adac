"""How alike the representations of two agents are: a labelled heat map."""

import numpy as np

from crl_probe.probes.geometry import GeometryResult
from crl_probe.render.page.panels import FigureGroup, Panel
from crl_probe.render.page.style import VALUE_SCALE, chart


def cka_panels(result: GeometryResult) -> FigureGroup:
    """CKA of every two agents on the shared set; nothing where there is one agent."""
    if len(result.runs) < 2:
        return FigureGroup(())
    labels = [f"{run.label} · s{run.seed}" for run in result.runs]
    cka = result.cka.astype(np.float32)
    figure = chart()
    figure.add_heatmap(
        x=labels,
        y=labels,
        z=cka,
        zmin=0,
        zmax=1,
        colorscale=VALUE_SCALE,
        text=[[f"{value:.2f}" if np.isfinite(value) else "–" for value in row] for row in cka],
        texttemplate="%{text}" if len(labels) <= _MOST_WITH_TEXT else None,
        hovertemplate="%{x}<br>%{y}<br>CKA %{z:.3f}<extra></extra>",
        colorbar={"thickness": 8, "len": 0.9, "outlinewidth": 0},
    )
    # Room for the longest label, said outright: with margins that grow by themselves plotly tries and gives up.
    room = 9 * max(map(len, labels))
    figure.update_layout(margin={"l": room, "r": 50, "t": 8, "b": 5 * max(map(len, labels)) + 16})
    figure.update_xaxes(automargin=False, tickangle=-30)
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=False)
    pairs = [f"{labels[i]} and {labels[j]} {cka[i, j]:.2f}" for i in range(len(labels)) for j in range(i)]
    return FigureGroup((Panel("CKA between agents", figure, alt="CKA: " + "; ".join(pairs), aspect=1.3),))


_MOST_WITH_TEXT = 9
