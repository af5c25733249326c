import type { VenSummary } from '@venfleet/console-api';
import { useState } from 'preact/hooks';
import { usePage, useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { type Column, VirtualTable } from '../list/virtual-table.js';
import { count, power, relative } from '../text/format.js';
import type { Words } from '../text/words.js';
import { Search } from '../ui/search.js';
import { StateMark } from '../ui/state-mark.js';

/** Fewer VENs are seen at a glance. */
const WORTH_A_SEARCH = 6;

/** All VENs, to be searched and sorted: what the map shows, for who rather reads. */
export function VenTable() {
  const { fleet, now } = usePage().console;
  const words = useWords();
  const [search, setSearch] = useState('');
  const wanted = search.trim().toLocaleLowerCase('da');
  const vens = fleet.vens.value.filter(({ name }) => name.toLocaleLowerCase('da').includes(wanted));
  return (
    <>
      {fleet.vens.value.length >= WORTH_A_SEARCH && <Search label="Search VENs by name" text={search} onText={setSearch} />}
      <VirtualTable
        label="VENs"
        items={vens}
        columns={columns(now.value, words)}
        keyOf={({ id }) => id}
        hrefOf={({ id }) => hrefOf({ page: 'ven', ven: id })}
        initialSort={{ column: 1, isDescending: true }}
        empty={wanted === '' ? words.noVens : `No VEN’s name has “${search}” in it.`}
      />
    </>
  );
}

function columns(now: number | undefined, { states, heard }: Words): Column<VenSummary>[] {
  return [
    {
      title: 'VEN',
      cell: ({ name, state }) => (
        <>
          <StateMark state={state} /> {name} <span class="visually-hidden">, {states[state].name}</span>
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
      title: heard,
      isNumber: true,
      isExtra: true,
      cell: ({ lastReportAt, state }) => (lastReportAt === null ? states[state].name : relative(lastReportAt, now)),
      sortBy: ({ lastReportAt }) => lastReportAt ?? 0,
    },
  ];
}
