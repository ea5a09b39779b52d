(function () {
  "use strict";
  const home = document.getElementById("charts");
  const css = getComputedStyle(document.documentElement);
  const ink = css.getPropertyValue("--soft").trim(), grid = css.getPropertyValue("--line").trim();
  const colours = ["#8a94a3", "#3b7dd8", "#8f5bd1", "#1a9a5c", "#d98a1f", "#c0322b", "#17899c", "#b0489a"];
  const meaning = { done: "#1a9a5c", refused: "#3b7dd8", shed: "#d98a1f", failed: "#c0322b", unknown: "#8f5bd1" };
  const shades = ["rgba(120,135,155,.10)", "rgba(120,135,155,.20)"];
  const dpr = window.devicePixelRatio || 1, font = 11 * dpr + "px system-ui, sans-serif";

  const hues = { fault: "#c0322b", playbook: "#3b7dd8", alarm: "#d98a1f" };
  const washes = { fault: "rgba(192,50,43,.13)", playbook: "rgba(59,125,216,.10)" };

  // Behind the lines: phases in greys, and in colour the time in which a fault or a playbook had its effect.
  function shade(u) {
    let n = 0;
    for (const b of rehearsal.bands) {
      const wash = b.track === "phase" ? shades[n++ % 2] : washes[b.track];
      if (!wash) continue;
      const from = u.valToPos(b.from, "x", true), to = u.valToPos(b.to, "x", true);
      u.ctx.fillStyle = wash;
      u.ctx.fillRect(from, u.bbox.top, to - from, u.bbox.height);
      if (b.track === "phase") word(u, b.what, from + 4 * dpr, u.bbox.top + 11 * dpr, ink);
    }
  }
  // In front of them: when each began, with its words, each in the first row that is free there. Alarms are ticks at the
  // foot: the table has their words.
  function mark(u) {
    const foot = u.bbox.top + u.bbox.height, rows = [];
    for (const b of rehearsal.bands) {
      if (b.track === "phase") continue;
      const at = u.valToPos(b.from, "x", true), top = b.track === "alarm" ? foot - 9 * dpr : u.bbox.top;
      u.ctx.strokeStyle = hues[b.track];
      u.ctx.lineWidth = 1.5 * dpr;
      u.ctx.beginPath(); u.ctx.moveTo(at, top); u.ctx.lineTo(at, foot); u.ctx.stroke();
      if (b.track === "alarm") continue;
      u.ctx.font = font;
      let row = 0;
      while (rows[row] > at) row++;
      rows[row] = at + u.ctx.measureText(b.what).width + 12 * dpr;
      word(u, b.what, at + 4 * dpr, u.bbox.top + (24 + 13 * row) * dpr, hues[b.track]);
    }
  }
  function word(u, text, x, y, colour) {
    u.ctx.fillStyle = colour;
    u.ctx.font = font;
    u.ctx.textAlign = "left";
    u.ctx.fillText(text, x, y);
  }

  function short(v) {
    if (v == null) return "";
    const a = Math.abs(v);
    return a >= 1e6 ? +(v / 1e6).toPrecision(3) + "M" : a >= 1e4 ? +(v / 1e3).toPrecision(3) + "k" : String(+v.toPrecision(4));
  }

  // Stacked series are drawn as running totals, the last one on top; the legend shows each by itself.
  function stacked(chart) {
    const sum = chart.x.map(() => 0);
    return chart.values.map(line => line.map((v, i) => (sum[i] += v || 0)));
  }

  function draw(chart) {
    const title = document.createElement("h3");
    title.textContent = chart.title + (chart.unit ? " (" + chart.unit + ")" : "");
    const box = document.createElement("div");
    box.className = "chart";
    home.append(title, box);
    const values = chart.stack ? stacked(chart) : chart.values;
    const series = chart.names.map((name, i) => {
      const colour = meaning[name] || colours[i % colours.length];
      return {
        label: name, stroke: colour, width: 1.5, points: { show: false },
        fill: chart.stack ? colour : undefined,
        value: (u, v, s, at) => at == null ? "" : short(chart.values[i][at]),
      };
    });
    const data = [chart.x], shown = [{ label: "s", value: (u, v) => v == null ? "" : v.toFixed(1) }];
    const order = chart.names.map((_, i) => i);
    if (chart.stack) order.reverse();
    for (const i of order) { data.push(values[i]); shown.push(series[i]); }
    const plot = new uPlot({
      width: box.clientWidth, height: 220, series: shown,
      scales: { x: { time: false, range: [0, Math.max(rehearsal.length, chart.x[chart.x.length - 1] || 0)] }, y: { range: (u, lo, hi) => [Math.min(0, lo), hi > 0 ? hi * 1.1 : 1] } },
      axes: [{ stroke: ink, grid: { stroke: grid }, values: (u, all) => all.map(v => v + " s") },
             { stroke: ink, grid: { stroke: grid }, size: 56, values: (u, all) => all.map(short) }],
      hooks: { drawClear: [shade], draw: [mark] },
      cursor: { sync: { key: "drill" }, drag: { x: true, y: false } },
    }, data, box);
    const fit = () => plot.setSize({ width: box.clientWidth, height: 220 });
    window.addEventListener("resize", fit);
    window.addEventListener("beforeprint", fit);
  }

  for (const chart of rehearsal.charts) {
    if (chart.x && chart.x.length > 0 && chart.values && chart.values.some(line => line && line.some(v => v != null))) draw(chart);
  }
})();
