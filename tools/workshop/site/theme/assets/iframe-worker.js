// Search without a server: a page that was opened from a disk may start no worker, so the worker's
// program runs in a hidden frame. The theme waits for messages of both in the same way.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.append(frame);
      const inside = frame.contentWindow;
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      const script = inside.document.createElement("script");
      script.src = address;
      const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
      inside.document.head.append(script);
      this.send = (data) =>
        loaded.then(() => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
    }

    postMessage(data) {
      this.send(data);
    }
  };
}
