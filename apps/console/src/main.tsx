import { seconds, systemClock, systemRandom } from '@venfleet/core';
import { render } from 'preact';
import { Console } from './app/console.js';
import { Router } from './app/router.js';
import { ThemeChoice } from './app/theme.js';
import { Root } from './shell/root.js';

/** A hidden tab gets no animation frames. */
function frame(callback: () => void): void {
  if (document.visibilityState === 'visible') requestAnimationFrame(callback);
  else void systemClock.sleep(seconds(1)).then(callback);
}

/** The code of a login link, which then leaves the address, so that nobody finds it there. */
function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.replace(/^#/, '')).get('code') ?? undefined;
  if (code !== undefined) history.replaceState(null, '', location.pathname);
  return code;
}

const code = takeCode();
const page = {
  console: new Console({
    fetch: (path, init) => fetch(path, init),
    tokens: sessionStorage,
    clock: systemClock,
    random: systemRandom,
    frame,
  }),
  router: new Router({
    location,
    addEventListener: (type, listener) => addEventListener(type, listener),
  }),
  theme: new ThemeChoice({ storage: localStorage, dataset: document.documentElement.dataset }),
};

render(<Root page={page} />, document.getElementById('app') as HTMLElement);
void page.console.start(code);
