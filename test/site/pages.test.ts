// What all pages of the site have alike: a frame, names for every control, no sideways scroll, no word in the console.

import { expect, test } from "vitest";
import { PAGES } from "../../site/shared/pages.ts";
import { faults, overhang, site } from "./site.ts";

const { open } = site();

test.each(PAGES)("$file can be used without a mouse or a large screen", async ({ file, name }) => {
  const { page } = await open(file, { width: 390 });
  expect(await overhang(page)).toBeLessThanOrEqual(0);
  expect(await page.locator("nav [aria-current=page]").textContent()).toBe(name);
  expect(await faults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await faults(page)).toEqual([]);
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").textContent()).toBe("To the content");
});
