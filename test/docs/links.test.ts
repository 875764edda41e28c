// Links of the documents: each leads to a file that is there, and to a heading that it has; scripts that they name are there; and every
// document is one click from the README.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const pages = execFileSync("git", ["ls-files", "*.md"], { encoding: "utf8" }).trim().split("\n");

/** Without blocks of code and code within a line. */
const prose = (page: string): string =>
  readFileSync(page, "utf8")
    .replace(/^(```|~~~).*?^\1/gms, "")
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()#]/g, " "));

/** Targets of its links and pictures that lead to files here, from the root on, with what stands behind `#`. */
function links(page: string): { target: string; path: string; anchor?: string }[] {
  return [...prose(page).matchAll(/\]\(([^()\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = "", anchor] = target.split("#");
    const path = file === "" ? page : normalize(join(dirname(page), file));
    return [anchor === undefined ? { target, path } : { target, path, anchor }];
  });
}

/** The names that GitHub gives to headings. */
const anchors = (page: string): string[] =>
  [...readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("%s", (page) => {
  const lost = links(page).filter(
    ({ path, anchor }) => !existsSync(path) || (anchor !== undefined && !anchors(path).includes(anchor)),
  );
  expect(lost.map(({ target }) => target)).toEqual([]);
});

test("scripts that are named are there", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object };
  const named = pages
    .filter((page) => page !== "CHANGELOG.md")
    .flatMap((page) =>
      [...readFileSync(page, "utf8").matchAll(/npm run (?!--|-s )([\w:]+)/g)].map(
        ([, name = ""]) => `${page} ${name}`,
      ),
    );
  expect(named.length).toBeGreaterThan(100);
  const lost = new Set(named.filter((name) => !Object.hasOwn(scripts, name.split(" ")[1] as string)));
  expect([...lost]).toEqual([]);
});

test("every document is one click from the README", () => {
  const reached = links("README.md").map(({ path }) => path.replace(/\/$/, ""));
  // of a folder its list of files is one more
  const far = pages.filter((page) => !reached.some((path) => page === path || page.startsWith(`${path}/`)));
  // the page in front of the reference that `npm run docs` makes, and what the pages about figures and data lead to
  const elsewhere = [
    "README.md",
    "bench/baselines/tables/README.md",
    "docs/api-start.md",
    "examples/data/README.md",
  ];
  expect(far.sort()).toEqual(elsewhere);
});
