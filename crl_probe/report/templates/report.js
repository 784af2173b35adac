"use strict";
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const plots = (root) => [...root.querySelectorAll(".plot")];
  const drawn = (plot) => plot.classList.contains("js-plotly-plot");

  // The page's colours, as changes to a figure's layout; axes are named in every figure.
  function themed(layout) {
    const change = { "font.color": css("--ink"), "hoverlabel.bgcolor": css("--card"),
      "hoverlabel.bordercolor": css("--line"), "hoverlabel.font.color": css("--ink") };
    for (const key of Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name))) {
      change[`${key}.gridcolor`] = css("--grid");
      change[`${key}.linecolor`] = css("--line");
    }
    return change;
  }

  // Plotly watches the window only; a panel also changes width when the grid around it flows anew.
  const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => Plotly.Plots.resize(target)));

  async function draw(plot) {
    if (drawn(plot)) return;
    const { data, layout } = figures[plot.dataset.figure];
    const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
    await Plotly.newPlot(plot, data, layout, options);
    await Plotly.relayout(plot, themed(layout));
    show(plot);
    resized.observe(plot);
    const group = plot.closest(".group");
    if (group.dataset.pick) {
      plot.on("plotly_click", (event) => pick(group, event.points[0].customdata));
      plot.on("plotly_doubleclick", () => pick(group, undefined));
    }
  }

  async function drawAll(root) {
    for (const plot of plots(root)) {
      if (plot.offsetParent === null) continue; // in a part that is not shown: drawn when it is
      await draw(plot);
      await new Promise((next) => setTimeout(next)); // let the page answer between figures
    }
  }

  // Show the traces that agree with every control of the group.
  function show(plot) {
    const chosen = {};
    for (const input of plot.closest(".group").querySelectorAll("input:checked")) chosen[input.dataset.key] = input.value;
    const agrees = (trace) => Object.entries(trace.meta || {}).every(([key, value]) => !(key in chosen) || chosen[key] === value);
    const visible = plot.data.map(agrees);
    if (plot.data.some((trace, i) => (trace.visible !== false) !== visible[i])) Plotly.restyle(plot, { visible });
  }

  // Emphasise one episode in every panel of the group; all of them if none is given.
  function pick(group, episode) {
    if (Array.isArray(episode)) return;
    for (const plot of plots(group).filter(drawn)) {
      plot.data.forEach((trace, i) => {
        if (!trace.customdata) return;
        const members = trace.customdata.flatMap((value, j) => (value === episode ? [j] : []));
        Plotly.restyle(plot, { selectedpoints: [episode === undefined ? null : members] }, [i]);
      });
    }
  }

  document.addEventListener("change", (event) => {
    const group = event.target.closest(".group");
    if (group) plots(group).filter(drawn).forEach(show);
  });

  const tabs = [...document.querySelectorAll("[role=tab]")];
  const parts = [...document.querySelectorAll(".part")];
  function open(index) {
    tabs.forEach((tab, i) => { tab.setAttribute("aria-selected", i === index); tab.tabIndex = i === index ? 0 : -1; });
    parts.forEach((part, i) => { part.hidden = i !== index; });
    drawAll(parts[index]);
  }
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => open(i));
    tab.addEventListener("keydown", (event) => {
      const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!move) return;
      const next = (i + move + tabs.length) % tabs.length;
      open(next);
      tabs[next].focus();
    });
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    plots(document).filter(drawn).forEach((plot) => Plotly.relayout(plot, themed(plot.layout))));
  addEventListener("beforeprint", () => plots(document).filter((plot) => !drawn(plot)).forEach(draw));
  open(0);
})();
