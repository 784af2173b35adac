// Charts are whole without this script, which reads their numbers out: at the pointer, and at the arrow keys.

const TIP_REACH = 18; // CSS pixels around a place that count as the place

const tooltip = document.body.appendChild(document.createElement("p"));
tooltip.className = "tooltip";
tooltip.setAttribute("role", "status");
tooltip.hidden = true;

/** @param {SVGSVGElement} chart */
function readOut(chart) {
  const tips = all(chart, "[data-tip]", SVGElement).map(({ dataset }) => {
    const [x, y] = (dataset.at ?? "").split(" ").map(Number);
    return { x, y, text: dataset.tip ?? "" };
  });
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  ring.setAttribute("class", "pointed");
  ring.setAttribute("r", "8");
  let shown = -1;

  /**
   * Where a tip is in the window, and how large a unit of the chart is there.
   * @param {{ x: number, y: number }} tip
   */
  const place = ({ x, y }) => {
    const box = chart.getBoundingClientRect();
    const scale = box.width / chart.viewBox.baseVal.width;
    return { x: box.left + x * scale, y: box.top + y * scale, scale };
  };
  const hide = () => {
    shown = -1;
    ring.remove();
    tooltip.hidden = true;
  };
  /** @param {number} index */
  const show = (index) => {
    if (index === shown) return;
    shown = index;
    ring.setAttribute("cx", String(tips[index].x));
    ring.setAttribute("cy", String(tips[index].y));
    chart.append(ring);
    tooltip.textContent = tips[index].text;
    tooltip.hidden = false;
    const { x, y, scale } = place(tips[index]);
    const room = document.documentElement.clientWidth - tooltip.offsetWidth - 8;
    tooltip.style.left = `${Math.max(8, Math.min(x - tooltip.offsetWidth / 2, room)) + scrollX}px`;
    tooltip.style.top = `${y - 12 * scale - tooltip.offsetHeight + scrollY}px`;
  };

  chart.addEventListener("pointermove", (event) => {
    const away = tips.map(place).map(({ x, y }) => Math.hypot(x - event.clientX, y - event.clientY));
    const nearest = away.indexOf(Math.min(...away));
    if (away[nearest] <= TIP_REACH) show(nearest);
    else hide();
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (event.key === "Escape") hide();
    if (!by || !tips.length) return;
    event.preventDefault();
    if (shown < 0) show(by > 0 ? 0 : tips.length - 1);
    else show((shown + by + tips.length) % tips.length);
  });
}

all(document, "svg.chart", SVGSVGElement).forEach(readOut);
