// The pages of the site, in the order of the navigation.

export interface SitePage {
  readonly file: string;
  readonly name: string;
}

export const PAGES: readonly SitePage[] = [
  { file: "index.html", name: "Digits" },
  { file: "slowdown.html", name: "Slowdown" },
  { file: "playground.html", name: "Playground" },
  { file: "backprop.html", name: "Back-propagation" },
  { file: "bench.html", name: "Bench" },
];
