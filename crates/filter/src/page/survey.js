const survey = path => {
  // Where the page may not ask its own origin, it does not.
  const metas = () => [...document.querySelectorAll('meta[http-equiv="content-security-policy" i]')];
  const refused = () => metas().some(meta => /(default|connect)-src/i.test(meta.content));
  if (self.origin === 'null' || !self.CSSStyleSheet) return;
  const seen = new Set();
  let fresh = [], asking = false;
  const note = (kind, name) => {
    const key = kind + name;
    if (name && name.length < 257 && seen.size < 20000 && !seen.has(key)) {
      seen.add(key);
      fresh.push([kind, name]);
    }
  };
  const ask = async () => {
    asking = true;
    try {
      while (fresh.length) {
        const query = { c: [], i: [] };
        let size = 0;
        while (fresh.length && size < 4000) {
          const [kind, name] = fresh.shift();
          const text = encodeURIComponent(name);
          query[kind].push(text);
          size += text.length + 1;
        }
        const answer = await fetch(path + '?c=' + query.c + '&i=' + query.i, { mode: 'same-origin', credentials: 'omit', redirect: 'error', cache: 'no-store' });
        // Somebody else answers: Tamis is not there any more.
        if (answer.headers.get('content-type') !== 'text/x-tamis-selectors; charset=utf-8') throw 0;
        for (const selector of (await answer.text()).split('\n')) if (selector) put(selector + '{display:none!important}');
      }
      asking = false;
    } catch {
      // Nothing is asked any more.
    }
  };
  onChange(['class', 'id'], () => {
    for (const element of document.querySelectorAll('[class],[id]')) {
      for (const name of element.classList) note('c', name);
      note('i', element.id);
    }
    if (fresh.length && !asking && !refused()) ask();
  });
};
