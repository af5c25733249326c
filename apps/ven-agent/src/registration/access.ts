import { describeError, VenfleetError } from '@venfleet/core';
import { isDenied, type VtnClient } from '@venfleet/openadr';

/** Kinds of work that a VTN may allow a VEN or keep to business logic. */
export type Right = 'read' | 'write VEN' | 'write resources';

/**
 * Acts for one VEN: with its own client wherever the VTN lets it, else with the business-logic client
 * (openleadr-rs 0.1 lets only business logic write /vens, and answers a VEN's try with 401 or 403). A
 * refusal is remembered, so that it costs one request and not one a resource.
 */
export class Access {
  readonly #own: VtnClient;
  readonly #business: VtnClient | undefined;
  readonly #refused = new Set<Right>();

  constructor(own: VtnClient, business: VtnClient | undefined) {
    this.#own = own;
    this.#business = business;
  }

  /** @throws VenfleetError NOT_PERMITTED when neither may; otherwise what `work` throws. */
  async perform<T>(right: Right, work: (client: VtnClient) => Promise<T>): Promise<T> {
    if (this.#refused.has(right) && this.#business !== undefined) return work(this.#business);
    try {
      return await work(this.#own);
    } catch (error) {
      if (!isDenied(error)) throw error;
      if (this.#business === undefined) throw notPermitted(right, error);
      this.#refused.add(right);
      return work(this.#business);
    }
  }

  /** The business-logic client, for what only it can see. */
  get business(): VtnClient | undefined {
    return this.#business;
  }
}

function notPermitted(right: Right, cause: unknown): VenfleetError {
  return new VenfleetError('NOT_PERMITTED', `the VTN does not let this VEN ${right}: ${describeError(cause)}`, {
    cause,
    hint: 'give the agent a business-logic client (role BL in the credentials file, or VENFLEET_BL_CLIENT_ID and VENFLEET_BL_CLIENT_SECRET), or let the operator of the VTN create the VEN',
  });
}
