import { usePage } from '../app/context.js';
import { counted, power, powerParts } from '../text/format.js';
import { Share } from '../ui/parts.js';

/** The fleet in a few large figures. */
export function Headline() {
  const totals = usePage().console.fleet.totals.value;
  if (totals === undefined) return <p class="headline headline--waiting">Waiting for the first figures …</p>;
  const { loadW, baselineW, requestedW, deliveredW, activeEvents, loadVens, vens, resources } = totals;
  const load = powerParts(loadVens === 0 ? null : loadW);
  const isAsked = activeEvents > 0 && requestedW !== null && requestedW > 0;
  return (
    <section class="headline" aria-label="The fleet now">
      <h1 class="headline-scope">
        {counted(vens, 'VEN')}, {counted(resources, 'resource')}
      </h1>
      <p class="headline-load" data-figure="load">
        <span class="headline-value">{load.value}</span> <span class="headline-unit">{load.unit}</span>
      </p>
      <p class="headline-note">
        {loadVens === 0
          ? 'no load has been reported yet'
          : `load now, of ${loadVens === vens ? 'all' : counted(loadVens, 'VEN')}`}
        {baselineW !== null && isAsked && (
          <>
            , baseline <span data-figure="baseline">{power(baselineW)}</span>
          </>
        )}
      </p>
      {isAsked && (
        <div class="headline-event">
          <p>
            <strong data-figure="delivered">{power(deliveredW)}</strong> less, of{' '}
            <span data-figure="requested">{power(requestedW)}</span> asked for
          </p>
          <Share given={deliveredW} asked={requestedW} label="Delivered of what is asked for, in percent" />
        </div>
      )}
    </section>
  );
}
