import type { Session } from '@venfleet/console-api';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { WORDS, type Words } from '../text/words.js';
import type { Console } from './console.js';
import type { Router } from './router.js';
import type { ThemeChoice } from './theme.js';

/** What every part of the page may ask for. */
export interface Page {
  readonly console: Console;
  readonly router: Router;
  readonly theme: ThemeChoice;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error('a part of the page is drawn outside of it');
  return page;
}

/** Who is logged in; only below what is drawn for somebody who is. */
export function useSession(): Session {
  const phase = usePage().console.phase.value;
  if (phase.kind !== 'open') throw new Error('nobody is logged in');
  return phase.session;
}

/** What is said by who serves the console. */
export function useWords(): Words {
  return WORDS[useSession().server];
}
