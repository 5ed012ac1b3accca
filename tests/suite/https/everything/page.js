// What the page finds of each of its parts, by their names: `image/kept`.
var outcomes = {};
var told = (name, outcome) => {
  outcomes[name] = name in outcomes ? `${outcomes[name]}, then ${outcome}` : String(outcome);
};
const say = (name, promise) => promise.then(outcome => told(name, outcome), () => told(name, 'error'));
// Where scripts and style sheets say that they work.
var ran = [];
const hasRun = name => ran.includes(name) ? 'ran' : 'nothing';
const styled = name => getComputedStyle(document.documentElement).getPropertyValue('--' + name.replace('/', '-')).trim() || 'nothing';
// What tells of its end in no other way.
const timed = (name, url) => new PerformanceObserver((list, observer) => {
  for (const entry of list.getEntries().filter(entry => entry.name === url)) {
    observer.disconnect();
    told(name, entry.decodedBodySize ? 'full' : 'nothing');
  }
}).observe({ type: 'resource', buffered: true });
const add = (element, properties) => document.head.append(Object.assign(document.createElement(element), properties));
const work = (name, script) => {
  const worker = new Worker(URL.createObjectURL(new Blob([script], { type: 'text/javascript' })));
  worker.onmessage = event => told(name, event.data);
};
const text = async answer => `${answer.status} ${await answer.text()}`;
// Frames tell by messages, with what they are.
const FRAME = 'SERIALISED';
addEventListener('message', ({ data: { path, search, html, framed } }) => {
  if (framed) {
    window.framed = framed;
    return;
  }
  const name = path.slice(1).split('.')[0];
  told(name, (html === FRAME ? 'untouched' : html) + search);
});
addEventListener('load', () => {
  document.querySelectorAll('a[ping]').forEach(link => { link.click(); told(link.id, 'clicked') });
  document.querySelectorAll('form').forEach(form => form.submit());
});
