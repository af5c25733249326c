import { usePage } from '../app/context.js';
import { clockSeconds, sentence } from '../text/format.js';

/** Says that what shows is no longer what is. */
export function ConnectionBanner() {
  const { fleet, now } = usePage().console;
  const connection = fleet.connection.value;
  if (connection.state !== 'lost') return null;
  const { heardAt } = fleet;
  return (
    <section class="banner" aria-label="Connection">
      <strong>Connection lost.</strong> {sentence(connection.reason)}. Trying again
      {heardAt === undefined || now.value === undefined ? ' …' : ` …  Figures are of ${clockSeconds(heardAt)}.`}
    </section>
  );
}
