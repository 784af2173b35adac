// @ts-nocheck
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

// Write changes such as "xaxis.title.font.color" into an object.
function apply(change, layout) {
  for (const [path, value] of Object.entries(change)) {
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((at, key) => (at[key] ??= {}), layout)[last] = value;
  }
  return layout;
}

// Plotly watches the window only; a panel also changes width when the grid around it flows anew.
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => Plotly.Plots.resize(target)));

async function drawChart(plot) {
  if (plot.dataset.open) return;
  plot.dataset.open = "true";
  const { data: traces, layout } = data.figures[plot.dataset.figure];
  const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
  await Plotly.newPlot(plot, traces, apply(themed(layout), layout), options);
  resized.observe(plot);
}

// On paper a chart has the room of its column there; on the screen it finds its size by itself.
const sized = (plot) =>
  printing
    ? { autosize: false, width: plot.clientWidth, height: plot.clientHeight }
    : { autosize: true, width: null, height: null };

onTheme(() => {
  for (const plot of [...document.querySelectorAll(".plot")].filter(drawn)) {
    Plotly.relayout(plot, { ...themed(plot.layout), ...sized(plot) });
  }
});
