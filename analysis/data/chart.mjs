// A chart of plotly for anywidget, which gives up on a widget that is not ready after 2 s. To read plotly's code takes
// longer on a busy machine; so nothing waits for it but the drawing, and the charts of a page read it once.
// Before these lines stands CODE, the text of plotly's own widget.

function plotly() {
  if (!globalThis.casualtyPlotly) {
    const address = URL.createObjectURL(new Blob([CODE], { type: "text/javascript" }));
    globalThis.casualtyPlotly = import(address).finally(() => URL.revokeObjectURL(address));
  }
  return globalThis.casualtyPlotly;
}

export default () => {
  let chart;
  return {
    initialize({ model }) {
      chart = plotly().then((read) => {
        const made = read.default();
        made.initialize({ model });
        return made;
      });
    },
    async render({ el }) {
      const end = (await chart).render({ el });
      // Plotly looks at its width when the window changes, and a column of a notebook changes more often.
      let width = 0;
      const watch = new ResizeObserver(([entry]) => {
        if (entry.contentRect.width === width) return;
        width = entry.contentRect.width;
        requestAnimationFrame(() => window.dispatchEvent(new Event("resize")));
      });
      watch.observe(el);
      return () => {
        watch.disconnect();
        end();
      };
    },
  };
};
