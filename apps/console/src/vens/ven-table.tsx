import type { VenSummary } from '@venfleet/console-api';
import { useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { type Column, VirtualTable } from '../list/virtual-table.js';
import { count, power, relative } from '../text/format.js';
import { Search } from '../ui/search.js';
import { STATE_NAMES, StateMark } from '../ui/state-mark.js';

/** All VENs, to be searched and sorted: what the map shows, for who rather reads. */
export function VenTable() {
  const { fleet, now } = usePage().console;
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLocaleLowerCase('da');
  const vens = fleet.vens.value.filter(({ name }) => name.toLocaleLowerCase('da').includes(wanted));
  return (
    <>
      <Search label="Search VENs by name" text={search} onText={setSearch} />
      <VirtualTable
        label="VENs"
        items={vens}
        columns={columns(now.value)}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => hrefOf({ page: 'ven', ven: id })}
        initialSort={{ column: 1, isDescending: true }}
        empty={
          wanted === ''
            ? 'The VTN has no VENs yet. Register some: npx nx run ven-agent:register'
            : `No VEN’s name has “${search}” in it.`
        }
      />
    </>
  );
}

function columns(now: number | undefined): Column<VenSummary>[] {
  return [
    {
      title: 'VEN',
      cell: ({ name, state }) => (
        <>
          <StateMark state={state} /> {name} <span class="visually-hidden">, {STATE_NAMES[state]}</span>
        </>
      ),
      sortBy: ({ name }) => name,
    },
    { title: 'Resources', isNumber: true, cell: ({ resources }) => count(resources), sortBy: ({ resources }) => resources },
    { title: 'Load', isNumber: true, cell: ({ loadW }) => power(loadW), sortBy: ({ loadW }) => loadW ?? -1 },
    {
      title: 'Delivered',
      isNumber: true,
      isExtra: true,
      cell: ({ deliveredW }) => power(deliveredW),
      sortBy: ({ deliveredW }) => deliveredW ?? Number.NEGATIVE_INFINITY,
    },
    {
      title: 'Reported',
      isNumber: true,
      isExtra: true,
      cell: ({ lastReportAt, state }) => (lastReportAt === null ? STATE_NAMES[state] : relative(lastReportAt, now)),
      sortBy: ({ lastReportAt }) => lastReportAt ?? 0,
    },
  ];
}
