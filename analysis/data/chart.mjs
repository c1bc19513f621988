// A chart of plotly for anywidget, which gives up on a widget that is not ready after 2 s. To read plotly's code takes
// longer on a busy machine; so nothing waits for it but the drawing, and the charts of a page read it once: one of them
// brings it, in _plotly.

function shared() {
  if (!globalThis.casualtyPlotly) {
    globalThis.casualtyPlotly = {};
    globalThis.casualtyPlotly.code = new Promise((resolve) => (globalThis.casualtyPlotly.bring = resolve));
  }
  return globalThis.casualtyPlotly;
}

function read(code) {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  return import(address).finally(() => URL.revokeObjectURL(address));
}

export default () => {
  let chart;
  return {
    initialize({ model }) {
      const code = model.get("_plotly");
      if (code && !shared().brought) {
        shared().brought = true;
        shared().bring(read(code));
      }
      chart = shared().code.then((plotly) => {
        const made = plotly.default();
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
