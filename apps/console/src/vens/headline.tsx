import { usePage, useWords } from '../app/context.js';
import { counted, power, powerParts } from '../text/format.js';
import { Share } from '../ui/parts.js';

/** The fleet in a few large figures. @param isHeading whether they are what the page is about */
export function Headline({ isHeading }: { readonly isHeading: boolean }) {
  const { loadOf } = useWords();
  const totals = usePage().console.fleet.totals.value;
  if (totals === undefined) return <p class="headline headline--waiting">Waiting for the first figures …</p>;
  const { loadW, baselineW, requestedW, deliveredW, activeEvents, loadVens, vens, resources } = totals;
  const Scope = isHeading ? 'h1' : 'p';
  const load = powerParts(loadVens === 0 ? null : loadW);
  const isAsked = activeEvents > 0 && requestedW !== null && requestedW > 0;
  return (
    <section class="headline" aria-label="The fleet now">
      <Scope class="headline-scope">
        {counted(vens, 'VEN')}, {counted(resources, 'resource')}
      </Scope>
      <p class="headline-load" data-figure="load">
        <span class="headline-value">{load.value}</span> <span class="headline-unit">{load.unit}</span>
      </p>
      <p class="headline-note">{loadOf(loadVens, vens)}</p>
      {isAsked && (
        <div class="headline-event">
          <p class="headline-delivered">
            <span data-figure="delivered">{power(deliveredW)}</span> less
          </p>
          <Share given={deliveredW} asked={requestedW} label="Delivered of what is asked for, in percent" />
          <p class="headline-note">
            of <span data-figure="requested">{power(requestedW)}</span> asked for, from a baseline of{' '}
            <span data-figure="baseline">{power(baselineW)}</span>
          </p>
        </div>
      )}
    </section>
  );
}
