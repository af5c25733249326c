import type { ResourceSummary } from '@venfleet/console-api';
import { useState } from 'preact/hooks';
import { useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { type Column, VirtualTable } from '../list/virtual-table.js';
import { counted, power } from '../text/format.js';
import type { Words } from '../text/words.js';
import { Search } from '../ui/search.js';

/** A VEN's resources, to be searched and narrowed to a kind. */
export function ResourceTable({ resources }: { readonly resources: readonly ResourceSummary[] }) {
  const { resourceStates } = useWords();
  const [search, setSearch] = useState('');
  const [kind, setKind] = useState('');
  const kinds = [...new Set(resources.flatMap(({ subType }) => subType ?? []))].sort();
  const wanted = search.trim().toLocaleLowerCase('da');
  const found = resources.filter(
    (one) => (kind === '' || one.subType === kind) && titleOf(one).toLocaleLowerCase('da').includes(wanted),
  );
  return (
    <>
      <div class="filters">
        <Search label="Search resources by name" text={search} onText={setSearch} />
        {kinds.length > 1 && (
          <select aria-label="Kind of resource" value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            <option value="">All kinds</option>
            {kinds.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
        <span class="filters-count">{counted(found.length, 'resource')}</span>
      </div>
      <VirtualTable
        label="Resources"
        items={found}
        columns={columns(resourceStates)}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => hrefOf({ page: 'resource', resource: id })}
        initialSort={{ column: 0, isDescending: false }}
        empty={resources.length === 0 ? 'It has no resources.' : 'No resource fits what is searched for.'}
      />
    </>
  );
}

const titleOf = ({ description, name }: ResourceSummary): string => description ?? name;

const columns = (states: Words['resourceStates']): Column<ResourceSummary>[] => [
  { title: 'Resource', cell: titleOf, sortBy: titleOf },
  {
    title: 'Kind',
    isExtra: true,
    cell: ({ subType, type }) => subType ?? type ?? '–',
    sortBy: ({ subType, type }) => subType ?? type ?? '',
  },
  {
    title: 'State',
    isExtra: true,
    cell: ({ state }) => (state === null ? '–' : states[state]),
    sortBy: ({ state }) => state ?? '',
  },
  { title: 'Power', isNumber: true, cell: ({ powerW }) => power(powerW), sortBy: ({ powerW }) => powerW ?? -1 },
];
