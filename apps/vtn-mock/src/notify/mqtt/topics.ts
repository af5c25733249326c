import type { wire310 } from '@venfleet/openadr';
import type { ChangeOperation } from '../../store/change.js';

/** Topics are `openadr/PATH/create` and so on, PATH as in `GET /notifiers/mqtt/topics/PATH`. */
const ROOT = 'openadr';

/** Collections that business logic alone hears of as a whole. */
export const COLLECTION_PATHS = ['programs', 'events', 'reports', 'subscriptions', 'vens', 'resources'] as const;

/** What a ven's own topics are about, besides itself. */
export const VEN_PATHS = ['events', 'programs', 'resources'] as const;

export function topicOf(path: string, operation: ChangeOperation): string {
  return `${ROOT}/${path}/${operation.toLowerCase()}`;
}

/** The answer's topics (YAML, schema notifierOperationsTopics). A single object is never created: it is there already. */
export function topicsOf(path: string, single: boolean): wire310.NotifierTopics {
  const topics = {
    UPDATE: topicOf(path, 'UPDATE'),
    DELETE: topicOf(path, 'DELETE'),
    ALL: `${ROOT}/${path}/+`,
  };
  return { topics: single ? topics : { CREATE: topicOf(path, 'CREATE'), ...topics } };
}

/** The topic filters by which a topic is heard: itself, and its ALL. */
export function filtersOf(topic: string): [string, string] {
  return [topic, topic.replace(/[^/]+$/, '+')];
}

const OPERATION = '(?:create|update|delete|\\+)';
const ID = '[A-Za-z0-9_-]+';
const COLLECTION_FILTER = new RegExp(`^${ROOT}/(?:${COLLECTION_PATHS.join('|')}|programs/${ID}(?:/events)?)/${OPERATION}$`);
const VEN_FILTER = new RegExp(`^${ROOT}/vens/(${ID})(?:/(?:${VEN_PATHS.join('|')}))?/${OPERATION}$`);

/**
 * Whose a topic filter is: `all` for business logic alone, or a ven's. No other filter is taken, so that no wildcard
 * reaches across.
 */
export function ownerOf(filter: string): { readonly venId: string } | 'all' | undefined {
  if (COLLECTION_FILTER.test(filter)) return 'all';
  const venId = VEN_FILTER.exec(filter)?.[1];
  return venId === undefined ? undefined : { venId };
}
