/** What was done to an object. Reads are never told (OpenADR 3.1 Definition, notifications). */
export type ChangeOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/**
 * Hears of each change of one kind of object, in the transaction that makes it: what it writes stays or goes with the
 * change. A deletion is told before the row goes, so that what refers to it can still be found.
 * @param before the row that an update replaces
 */
export type OnChange<Row> = (operation: ChangeOperation, row: Row, before?: Row) => void;
