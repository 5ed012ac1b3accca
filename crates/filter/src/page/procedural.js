const procedural = rules => {
  const mark = 'd' + Math.random().toString(36).slice(2);
  // `text` has to be there, or the /expression/ to fit.
  const test = (text, whole) => {
    const parts = /^\/(.+)\/([a-z]*)$/s.exec(text);
    if (!parts) return found => whole ? found === text : found.includes(text);
    const expression = new RegExp(parts[1], parts[2].replace(/[gy]/g, ''));
    return found => expression.test(found);
  };
  const unquoted = text => text.replace(/^(["'])(.*)\1$/s, '$2');
  const styled = (arg, pseudo) => {
    const at = arg.indexOf(':');
    const name = arg.slice(0, at).trim(), fits = test(arg.slice(at + 1).trim(), true);
    return node => fits(getComputedStyle(node, pseudo).getPropertyValue(name));
  };
  const attributed = arg => {
    const parts = /^("[^"]*"|'[^']*'|\/(?:[^\/\\]|\\.)+\/[a-z]*|[^=]+)(?:=(.+))?$/s.exec(arg);
    const name = test(unquoted(parts[1]), true), value = parts[2] === undefined ? () => true : test(unquoted(parts[2]), true);
    return node => [...node.attributes].some(found => name(found.name) && value(found.value));
  };
  const upward = arg => {
    const steps = Number(arg);
    if (!(steps > 0)) return node => node.parentElement && node.parentElement.closest(arg);
    return node => {
      for (let left = steps; node && left > 0; left--) node = node.parentElement;
      return node;
    };
  };
  const xpath = arg => node => {
    const found = document.evaluate(arg, node, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    const nodes = [];
    for (let at = 0; at < found.snapshotLength; at++) nodes.push(found.snapshotItem(at));
    return nodes.filter(one => one instanceof Element);
  };
  // The rest of a selector behind what fits so far: it may go on at the element itself, below it or beside it.
  const behind = arg => node => {
    const parent = node.parentElement;
    if (!parent) return document.querySelectorAll(':root' + arg);
    return parent.querySelectorAll(':scope>:nth-child(' + (1 + [...parent.children].indexOf(node)) + ')' + arg);
  };
  const keep = fits => nodes => nodes.filter(fits);
  const go = to => nodes => [...new Set(nodes.flatMap(node => {
    const found = to(node);
    return found ? found instanceof Element ? [found] : [...found] : [];
  }))];
  const makers = {
    'css-selector': arg => go(behind(arg)),
    'has-text': arg => {
      const fits = test(arg);
      return keep(node => fits(node.textContent));
    },
    'matches-attr': arg => keep(attributed(arg)),
    'matches-css': arg => keep(styled(arg, null)),
    'matches-css-before': arg => keep(styled(arg, '::before')),
    'matches-css-after': arg => keep(styled(arg, '::after')),
    'matches-path': arg => {
      const fits = test(arg);
      return keep(() => fits(location.pathname + location.search));
    },
    'min-text-length': arg => keep(node => node.textContent.length >= Number(arg)),
    'others': () => nodes => {
      const path = new Set(nodes.flatMap(node => {
        const up = [];
        for (; node; node = node.parentElement) up.push(node);
        return up;
      }));
      const within = node => nodes.some(one => one.contains(node));
      return nodes.length ? [...document.body.querySelectorAll('*')].filter(node => path.has(node.parentElement) && !path.has(node) && !within(node)) : [];
    },
    'upward': arg => go(upward(arg)),
    'watch-attr': () => nodes => nodes,
    'xpath': arg => go(xpath(arg)),
  };
  const watched = new Set(['class', 'id']);
  const ready = rules.flatMap((rule, number) => {
    try {
      const [first, ...rest] = rule.selector;
      const css = first.type === 'css-selector';
      const start = css ? first.arg : /^(matches-path|xpath)$/.test(first.type) ? ':root' : '*';
      document.querySelector(start);
      const steps = (css ? rest : rule.selector).map(step => makers[step.type](step.arg));
      for (const step of rest) if (step.type === 'watch-attr') step.arg.split(',').forEach(name => watched.add(name.trim()));
      const { type, arg } = rule.action || {};
      const named = arg && /^remove-/.test(type) && test(arg, true);
      const attribute = mark + number;
      if (!type || type === 'style') {
        const declarations = type ? arg : 'display:none!important';
        if (!/[{}@]/.test(declarations)) put('[' + attribute + ']{' + declarations + '}');
      }
      return { start, steps, type, named, attribute, marked: new Set() };
    } catch {
      // What this browser does not understand takes no other rule out of force.
      return [];
    }
  });
  const act = (rule, found) => {
    if (rule.type === 'remove') for (const node of found) node.remove();
    else if (rule.type === 'remove-attr') for (const node of found) for (const name of node.getAttributeNames()) rule.named(name) && node.removeAttribute(name);
    else if (rule.type === 'remove-class') for (const node of found) node.classList.remove(...[...node.classList].filter(rule.named));
    else {
      const now = new Set(found);
      for (const node of rule.marked) now.has(node) || node.removeAttribute(rule.attribute);
      for (const node of now) rule.marked.has(node) || node.setAttribute(rule.attribute, '');
      rule.marked = now;
    }
  };
  const apply = rule => {
    try {
      act(rule, rule.steps.reduce((nodes, step) => nodes.length ? step(nodes) : nodes, [...document.querySelectorAll(rule.start)]));
    } catch {
      // The next change may bring what it needs.
    }
  };
  onChange([...watched], () => ready.forEach(apply));
};
