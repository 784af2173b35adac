// Charts are whole without this script, which reads their numbers out: at the pointer, and at the arrow keys.

const TIP_REACH = 18; // CSS pixels around a place that count as the place

const tooltip = document.body.appendChild(document.createElement("p"));
tooltip.className = "tooltip";
tooltip.setAttribute("role", "status");
tooltip.hidden = true;

function readOut(chart) {
  const tips = [...chart.querySelectorAll("[data-tip]")].map((element) => {
    const [x, y] = element.dataset.at.split(" ").map(Number);
    return { x, y, text: element.dataset.tip };
  });
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  ring.setAttribute("class", "pointed");
  ring.setAttribute("r", 8);
  let shown = -1;

  const scale = () => chart.getBoundingClientRect().width / chart.viewBox.baseVal.width;
  const hide = () => {
    shown = -1;
    ring.remove();
    tooltip.hidden = true;
  };
  const show = (index) => {
    if (index === shown) return;
    shown = index;
    const { x, y, text } = tips[index];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    chart.append(ring);
    tooltip.textContent = text;
    tooltip.hidden = false;
    const box = chart.getBoundingClientRect();
    const room = document.documentElement.clientWidth - tooltip.offsetWidth - 8;
    tooltip.style.left = `${Math.max(8, Math.min(box.left + x * scale() - tooltip.offsetWidth / 2, room)) + scrollX}px`;
    tooltip.style.top = `${box.top + (y - 12) * scale() - tooltip.offsetHeight + scrollY}px`;
  };

  chart.addEventListener("pointermove", (event) => {
    const box = chart.getBoundingClientRect();
    const away = tips.map(({ x, y }) => Math.hypot(box.left + x * scale() - event.clientX, box.top + y * scale() - event.clientY));
    const nearest = away.indexOf(Math.min(...away));
    if (nearest >= 0 && away[nearest] <= TIP_REACH) show(nearest);
    else hide();
  });
  chart.addEventListener("pointerleave", hide);
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step || !tips.length) return;
    event.preventDefault();
    show(shown < 0 ? (step > 0 ? 0 : tips.length - 1) : (shown + step + tips.length) % tips.length);
  });
}

document.querySelectorAll("svg.chart").forEach(readOut);
