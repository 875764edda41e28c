// Papa Parse as a module, for an import map: it comes as a script that sets a global, and is loaded when a first CSV text is read.

const script = document.createElement("script");
script.src = new URL("./node_modules/papaparse/papaparse.min.js", import.meta.url).href;
await new Promise((resolve, reject) => {
  script.onload = resolve;
  script.onerror = () => reject(new Error(`${script.src} cannot be loaded`));
  document.head.append(script);
});

export default globalThis.Papa;
