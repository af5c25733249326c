import { seededRandom } from './random.js';

/** One of `count` parts of a fleet, `index` from 1: each VEN is in exactly one of them. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The shard, 1…count, that a VEN belongs to. It depends on nothing but the name and the count, so that processes that know
 * nothing of each other agree, and a VEN that is added moves no other one. Rendezvous hashing (Thaler and Ravishankar 1998):
 * of N shards, one more takes 1/(N+1) of the VENs, and none changes places between the others.
 */
export function shardOf(ven: string, count: number): number {
  let [best, highest] = [1, -1];
  for (let index = 1; index <= count; index++) {
    const score = seededRandom(`${index}/${ven}`).next();
    if (score > highest) [best, highest] = [index, score];
  }
  return best;
}

/** Whether a VEN is in the shard; all are where there is none. */
export function isInShard(ven: string, shard: Shard | undefined): boolean {
  return shard === undefined || shardOf(ven, shard.count) === shard.index;
}
