import type { EventSummary } from '@venfleet/console-api';

const RANK = { active: 0, pending: 1, completed: 2, cancelled: 2 } as const;

/** What is on first, then what comes next, then what was on last. */
export function inOrder(events: readonly EventSummary[]): EventSummary[] {
  const soonest = (event: EventSummary) => event.startAt ?? 0;
  return [...events].sort((a, b) => {
    const rank = RANK[a.state] - RANK[b.state];
    if (rank !== 0) return rank;
    if (a.state === 'active' && a.changesLoad !== b.changesLoad) return a.changesLoad ? -1 : 1;
    const order = soonest(a) - soonest(b);
    return (a.state === 'pending' ? order : -order) || a.id.localeCompare(b.id);
  });
}
