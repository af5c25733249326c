import type { Database } from '@venfleet/sqlite';
import type { Changes } from '../notify/changes.js';
import { Events } from '../store/events.js';
import { Programs } from '../store/programs.js';
import { Reports } from '../store/reports.js';
import { Resources } from '../store/resources.js';
import { Subscriptions } from '../store/subscriptions.js';
import { Vens } from '../store/vens.js';
import { eventObject } from './events.js';
import { programObject } from './programs.js';
import { reportObject } from './reports.js';
import { resourceObject } from './resources.js';
import { subscriptionObject } from './subscriptions.js';
import { venObject } from './vens.js';

/** The kinds of object that the store keeps. */
export interface Tables {
  readonly programs: Programs;
  readonly events: Events;
  readonly reports: Reports;
  readonly vens: Vens;
  readonly resources: Resources;
  readonly subscriptions: Subscriptions;
}

/** @param changes hears of every change of any of them */
export function openTables(db: Database, changes: Changes): Tables {
  return {
    programs: new Programs(db, changes.of('PROGRAM', programObject)),
    events: new Events(db, changes.of('EVENT', eventObject)),
    reports: new Reports(db, changes.of('REPORT', reportObject)),
    vens: new Vens(db, changes.of('VEN', venObject)),
    resources: new Resources(db, changes.of('RESOURCE', resourceObject)),
    subscriptions: new Subscriptions(db, changes.of('SUBSCRIPTION', subscriptionObject)),
  };
}
