// The recipes of docs/browser.md, as they are printed there: built and served as a user would, and used.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../tools/chromium.ts";
import { hashOf, ISOLATED, type Server, serve, strictPolicy } from "../../tools/serve.ts";
import { type Browser, startChromium, type Tab } from "../support/browsers.ts";
import { folders } from "../support/folders.ts";
import { html, makeProject, RECIPES, vite } from "./builders.ts";

const EPOCHS = 40;

/** Mounts the component as React's own documentation does, and takes it away again. */
const MAIN = `
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Trainer } from "./Trainer.tsx";

const root = createRoot(document.getElementById("root"));
root.render(<StrictMode><Trainer /></StrictMode>);
globalThis.unmount = () => root.unmount();
`;

/** Presses a button of the page. */
const PRESS = "name => [...document.querySelectorAll('button')].find((b) => b.textContent === name).click()";
/** Begins to train, and waits until the first loss is shown. */
const BEGIN = `new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    if (document.querySelector("pre").textContent === "") return;
    observer.disconnect();
    resolve();
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  (${PRESS})("Train");
})`;

const { empty } = folders("recipes");
const chromium = findChromium();

/** A component, which Vite builds. @returns folder and page */
async function component(project: string): Promise<Site> {
  const [source, folder] = [join(project, "react"), empty()];
  mkdirSync(source);
  cpSync(join(RECIPES, "Trainer.tsx"), join(source, "Trainer.tsx"));
  writeFileSync(join(source, "main.tsx"), MAIN);
  writeFileSync(join(source, "tsconfig.json"), JSON.stringify({ compilerOptions: { jsx: "react-jsx" } }));
  writeFileSync(join(source, "index.html"), html("./main.tsx", '<div id="root"></div>\n'));
  return { folder, page: "", scripts: await vite()(source, folder) };
}

/** A page without any tool; its import map is inline, so the policy has its hash. */
async function plain(project: string): Promise<Site> {
  for (const name of ["page.html", "page.js"]) cpSync(join(RECIPES, name), join(project, name));
  const [, map = ""] = /<script type="importmap">(.*?)<\/script>/s.exec(read("page.html")) ?? [];
  return { folder: project, page: "page.html", scripts: [hashOf(map)] };
}

interface Site {
  readonly folder: string;
  readonly page: string;
  readonly scripts: readonly string[];
}

function read(name: string): string {
  return readFileSync(join(RECIPES, name), "utf8");
}

describe.skipIf(chromium === undefined).each([
  ["a React component", component],
  ["a plain page", plain],
])("%s", (_, make) => {
  let browser: Browser;
  let server: Server;
  let tab: Tab;
  beforeAll(async () => {
    const project = empty();
    await makeProject(project);
    const { folder, page, scripts } = await make(project);
    browser = await startChromium(chromium as string);
    server = await serve(folder, { ...ISOLATED, ...strictPolicy(...scripts) });
    tab = await browser.open(`${server.origin}/${page}`);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const losses = async (): Promise<number[]> => {
    const text = String(await tab.value('document.querySelector("pre").textContent'));
    return Array.from(text.matchAll(/loss (.*)/g), ([, loss]) => Number(loss));
  };
  /** the runtime's worker, and with it those of its threads, has been ended */
  const ended = () => expect.poll(() => tab.workers(), { timeout: 20_000 }).toBe(0);

  test("trains, and shows the loss of each epoch", async () => {
    await tab.value(BEGIN);
    await ended();
    const all = await losses();
    expect(all.length).toBe(EPOCHS);
    expect(all.at(-1)).toBeLessThan(0.1);
  });

  test("stops", async () => {
    // on the page itself: it may have trained to the end before a second message from here comes
    await tab.value(`${BEGIN}.then(() => (${PRESS})("Stop"))`);
    await ended();
    expect((await losses()).length).toBeLessThan(EPOCHS);
  });

  if (make === component) {
    test("ends with the component", async () => {
      await tab.value(BEGIN);
      expect(tab.workers()).toBeGreaterThan(0);
      await tab.value("unmount()");
      await ended();
    });
  }

  test("and nobody complains", () => {
    expect([...tab.complaints, ...server.reports]).toEqual([]);
  });
});
