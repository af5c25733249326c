import { isVenfleetError, VenfleetError } from '@venfleet/core';
import { isAmbiguous } from '@venfleet/openadr';

/**
 * Remembers that the VTN could not be reached although the client tried for as long as it is patient,
 * so that thousands of further requests fail at once instead of each waiting as long. The next success
 * of a request that was already on its way ends it.
 */
export class Outage {
  #cause: VenfleetError | undefined;

  /** @throws VenfleetError VTN_UNREACHABLE during an outage; else what `work` throws. */
  async guard<T>(work: () => Promise<T>): Promise<T> {
    if (this.#cause !== undefined) {
      throw new VenfleetError('VTN_UNREACHABLE', `not tried, as the VTN is out of reach: ${this.#cause.message}`, {
        cause: this.#cause,
      });
    }
    try {
      const result = await work();
      this.#cause = undefined;
      return result;
    } catch (error) {
      // An ambiguous failure was tried once only; the look that follows it is patient.
      if (isVenfleetError(error, 'VTN_UNREACHABLE') && !isAmbiguous(error)) this.#cause = error;
      throw error;
    }
  }
}
