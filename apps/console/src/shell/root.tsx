import { describeError } from '@venfleet/core';
import { useErrorBoundary } from 'preact/hooks';
import { type Page, PageContext } from '../app/context.js';
import { LoginPage } from '../login/login-page.js';
import { Backdrop } from './backdrop.js';
import { Shell } from './shell.js';

export function Root({ page }: { readonly page: Page }) {
  return (
    <PageContext.Provider value={page}>
      <Guarded page={page} />
      <p class="visually-hidden" role="status">
        {page.console.told}
      </p>
    </PageContext.Provider>
  );
}

/** What cannot be drawn is said, rather than an empty page shown. */
function Guarded({ page }: { readonly page: Page }) {
  // The browser's own log has it, too.
  const [failure] = useErrorBoundary((error) => reportError(error));
  if (failure === undefined) return <Phases page={page} />;
  return (
    <Backdrop>
      <h1>This page has failed</h1>
      <p class="error-note" role="alert">
        {describeError(failure)}
      </p>
      <button type="button" class="button button--main" onClick={() => location.assign(location.pathname)}>
        Load it anew
      </button>
    </Backdrop>
  );
}

function Phases({ page }: { readonly page: Page }) {
  const phase = page.console.phase.value;
  switch (phase.kind) {
    case 'open':
      return <Shell />;
    case 'login':
      return <LoginPage ways={phase.ways} notice={phase.notice} />;
    case 'unreachable':
      return (
        <Backdrop>
          <h1>The server does not answer</h1>
          <p class="error-note" role="alert">
            {phase.error.message}
            {phase.error.hint !== undefined && `: ${phase.error.hint}`}
          </p>
          <button type="button" class="button button--main" onClick={() => void page.console.start()}>
            Try again
          </button>
        </Backdrop>
      );
    default:
      return (
        <Backdrop>
          <p role="status">Connecting …</p>
        </Backdrop>
      );
  }
}
