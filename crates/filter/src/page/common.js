'use strict';
// One style sheet for all that is decided here; it is no part of the page's tree.
let rules;
// Called when there is more in it.
let hasMore = () => {};
const put = text => {
  try {
    if (!rules) {
      rules = new CSSStyleSheet();
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, rules];
    }
    rules.insertRule(window.CSSLayerBlockRule ? '@layer tamis{' + text + '}' : text, rules.cssRules.length);
    hasMore();
  } catch {
    // What this browser does not know is left out.
  }
};
// Calls `work` once the page has changed, or when what is returned is called, never for more than about a tenth of the time.
const onChange = (attributes, work) => {
  let due = 0, rest = 50;
  const run = () => {
    due = 0;
    const began = performance.now();
    work();
    rest = Math.max(50, 10 * (performance.now() - began));
  };
  const later = () => {
    due = due || setTimeout(run, rest);
  };
  new MutationObserver(later).observe(document, { subtree: true, childList: true, characterData: true, attributeFilter: attributes });
  document.addEventListener('DOMContentLoaded', later);
  later();
  return later;
};
