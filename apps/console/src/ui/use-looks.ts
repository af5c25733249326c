import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';

/** Changes when the page's colours do: for what cannot follow the style sheet by itself. */
export function useLooks(): string {
  const chosen = usePage().theme.chosen.value;
  const [isDark, setIsDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const look = () => setIsDark(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return chosen === 'system' ? (isDark ? 'dark' : 'light') : chosen;
}
