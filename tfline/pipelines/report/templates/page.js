"use strict";

// Tables: a click, or Enter, on the head of a column sorts by it; once more turns the order round.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button");
    if (!button) return;
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") === "descending" ||
        (head.getAttribute("aria-sort") === "none" && !head.classList.contains("n"));
      heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const body = table.tBodies[0];
      const keyed = [...body.rows].map((row) => {
        const cell = row.cells[column];
        const text = cell.dataset.value ?? cell.textContent.trim();
        const number = text === "" ? NaN : Number(text);
        return { row, text, number };
      });
      const numeric = keyed.every((entry) => entry.text === "" || !Number.isNaN(entry.number));
      keyed.sort((a, b) => {
        if (!numeric) return (rising ? 1 : -1) * a.text.localeCompare(b.text, "en", { numeric: true });
        if (Number.isNaN(a.number) || Number.isNaN(b.number)) {
          return Number.isNaN(a.number) - Number.isNaN(b.number); // what is not defined comes last
        }
        return (rising ? 1 : -1) * (a.number - b.number);
      });
      body.append(...keyed.map((entry) => entry.row));
    });
  });
}

// Plots: Plotly is unpacked from this page, then every figure is drawn, one after the other.
async function unpack(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function drawAll() {
  const plots = [...document.querySelectorAll(".plot")];
  if (plots.length) {
    const script = document.createElement("script");
    script.textContent = await unpack("plotly-gz");
    document.head.append(script);
  }
  for (const plot of plots) {
    const figure = JSON.parse(plot.nextElementSibling.textContent);
    await Plotly.newPlot(plot, figure.data, figure.layout, {
      responsive: true, displaylogo: false, displayModeBar: false,
    });
    plot.dataset.drawn = "yes";
  }
  document.documentElement.dataset.drawn = plots.length;
}

// Print: whatever the window is like, the page is laid out as wide as a desk's and made smaller.
function fitPlots(width) {
  for (const plot of document.querySelectorAll(".plot[data-drawn]")) {
    Plotly.relayout(plot, { autosize: true, width: width(plot) });
  }
}

addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  document.documentElement.classList.add("printing");
  fitPlots((plot) => plot.clientWidth);
});

addEventListener("afterprint", () => {
  document.documentElement.classList.remove("printing");
  fitPlots(() => null);
});

drawAll();
