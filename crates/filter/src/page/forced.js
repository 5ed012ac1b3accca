const forced = () => {
  // What says itself, in its `style`, that it is shown and that this is important, no sheet of a page can hide.
  const ours = sheet => {
    try {
      return [...sheet.cssRules].slice(0, sheet === rules ? undefined : 1).flatMap(rule => rule.name === 'tamis' ? [...rule.cssRules] : sheet === rules ? [rule] : []);
    } catch {
      // A sheet of another site.
      return [];
    }
  };
  const shows = ({ style }) => style && style.getPropertyPriority('display') === 'important' && style.display !== 'none';
  let next = 0;
  hasMore = onChange(['class', 'id', 'style'], () => {
    const all = [...document.querySelectorAll('[style*="important" i]')].filter(shows);
    if (!all.length) return;
    const hiding = [...document.styleSheets, ...rules ? [rules] : []].flatMap(ours).filter(rule => rule.selectorText && rule.style.display === 'none');
    const selector = hiding.map(rule => rule.selectorText).join();
    // So many at a time; after the next change others.
    next = next < all.length ? next : 0;
    for (const node of all.slice(next, next += 256)) if (selector && node.matches(selector)) node.style.setProperty('display', 'none', 'important');
  });
};
