/* The search runs in a Worker, and browsers start none for a page that is opened as a file.
   There a hidden frame takes its place: it runs the same script, and talks by messages. */
if (location.protocol === "file:") {
  window.Worker = class FrameWorker extends EventTarget {
    constructor(url) {
      super();
      this.onmessage = null;
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.appendChild(this.frame);
      const inner = this.frame.contentWindow;
      this.listener = (event) => {
        if (event.source !== inner) return;
        const message = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(message);
        if (this.onmessage) this.onmessage(message);
      };
      window.addEventListener("message", this.listener);
      this.waiting = [];
      inner.document.open();
      inner.document.write(`<!doctype html><body><script>
        window.postMessage = (data) => parent.dispatchEvent(
          new MessageEvent("message", { data, source: window }));
        window.importScripts = (...urls) => urls.reduce(
          (before, url) => before.then(() => new Promise((resolve) => {
            const script = document.createElement("script");
            script.src = url;
            script.onload = resolve;
            document.body.appendChild(script);
          })), Promise.resolve());
      <\/script><script src="${url}"><\/script></body>`);
      inner.document.close();
      this.frame.addEventListener("load", () => {
        this.isReady = true;
        this.waiting.splice(0).forEach((data) => this.postMessage(data));
      });
    }

    postMessage(data) {
      if (!this.isReady) {
        this.waiting.push(data);
        return;
      }
      this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data }));
    }

    terminate() {
      window.removeEventListener("message", this.listener);
      this.frame.remove();
    }
  };
}
