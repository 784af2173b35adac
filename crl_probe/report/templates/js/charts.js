// Charts: plotly figures in the page's colours.

const drawn = (plot) => plot.classList.contains("js-plotly-plot");

// The page's colours, as changes to a figure's layout; axes are named in every figure.
function themed(layout) {
  const change = {
    "font.color": css("--ink"),
    "hoverlabel.bgcolor": css("--card"),
    "hoverlabel.bordercolor": css("--line"),
    "hoverlabel.font.color": css("--ink"),
  };
  for (const key of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
    change[`${key}.gridcolor`] = css("--grid");
    change[`${key}.linecolor`] = css("--line");
    change[`${key}.tickfont.color`] = css("--soft");
    change[`${key}.title.font.color`] = css("--soft");
  }
  return change;
}

// Plotly watches the window only; a panel also changes width when the grid around it flows anew.
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => Plotly.Plots.resize(target)));

async function drawChart(plot) {
  if (plot.dataset.open) return;
  plot.dataset.open = "true";
  const { data: traces, layout } = data.figures[plot.dataset.figure];
  await Plotly.newPlot(plot, traces, layout, { displayModeBar: false, responsive: true, doubleClick: "reset" });
  await Plotly.relayout(plot, themed(layout));
  resized.observe(plot);
}

onTheme(() => [...document.querySelectorAll(".plot")].filter(drawn).forEach((plot) => Plotly.relayout(plot, themed(plot.layout))));
