// Debian's Chromium, and what every walk through the page checks.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

/** Where the page is looked at: both widths, both colour schemes. */
export const LOOKS = [960, 720, 420].flatMap((width) =>
  ["light", "dark"].map((scheme) => ({
    name: `${width}x640-${scheme}`,
    viewport: { width, height: 640 },
    colorScheme: /** @type {"light" | "dark"} */ (scheme),
  })),
);

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts the browser that TAMIS_CHROMIUM names, or Debian's; with a fresh profile. */
export function launch() {
  return chromium.launch({ executablePath: process.env.TAMIS_CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/** Gathers what the page reports as an error. @param {import("playwright-core").Page} page @returns {string[]} */
export function complaints(page) {
  /** @type {string[]} */
  const found = [];
  page.on("console", (message) => message.type() === "error" && found.push(message.text()));
  page.on("pageerror", (error) => found.push(String(error)));
  return found;
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The rules of WCAG 2 A and AA and of good practice that the page breaks, in words. @param {import("playwright-core").Page} page */
export async function barriers(page) {
  await page.evaluate(axeSource);
  const result = await page.evaluate(() =>
    // @ts-expect-error axe was put into the page the line before.
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  if (result.passes.length === 0) throw new Error("axe checked nothing");
  return result.violations.map(
    (/** @type {{ id: string, help: string, nodes: { html: string }[] }} */ violation) =>
      `${violation.id}: ${violation.help} at ${violation.nodes.map((node) => node.html).join(" and ")}`,
  );
}

/** The elements that stick out of the page sideways, or whose content sticks out of them and is cut off. @param {import("playwright-core").Page} page */
export function overflowing(page) {
  return page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const wide = [];
    for (const element of document.querySelectorAll("html, body *")) {
      // What somebody writes may be longer than any window, and than its field.
      if (element.closest("svg, .only-heard, textarea, input")) continue;
      const style = getComputedStyle(element);
      // What ends in an ellipsis is cut off on purpose, with its content.
      const outside = element.getBoundingClientRect().right > limit + 0.5 && !element.closest(".what, .why");
      const inside = style.overflowX !== "visible" && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
      if (outside || inside) wide.push(element.outerHTML.slice(0, 120));
    }
    return wide;
  });
}
