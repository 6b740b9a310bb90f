// Counts alerts that open while a list is shown. The list itself never moves: the reader asks for the new ones.
'use strict';
const bar = document.getElementById('news');
if (bar && 'EventSource' in window) {
  const link = bar.querySelector('a');
  const pause = bar.querySelector('button');
  const status = bar.querySelector('[role=status]');
  const atMostEvery = 10000;
  let count = 0;
  let paused = false;
  let said = 0;
  let timer;

  const say = () => {
    clearTimeout(timer);
    const wait = said + atMostEvery - Date.now();
    if (wait > 0) { timer = setTimeout(say, wait); return; }
    said = Date.now();
    status.textContent = link.textContent;
  };
  const show = () => {
    if (paused || count === 0) return;
    link.textContent = (count === 1 ? bar.dataset.one : bar.dataset.many).replace('#', count);
    link.hidden = false;
    say();
  };
  const source = new EventSource('/v1/events');
  source.addEventListener('alert', event => {
    if (bar.dataset.municipality && JSON.parse(event.data).municipality !== bar.dataset.municipality) return;
    count += 1;
    show();
  });
  source.addEventListener('reset', () => { count += 1; show(); });
  pause.addEventListener('click', () => {
    paused = !paused;
    pause.setAttribute('aria-pressed', String(paused));
    show();
  });
  bar.hidden = false;
}
