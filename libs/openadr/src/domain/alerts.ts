/** What people call the alerts (Definition, event payload types). */
export const ALERTS: Readonly<Record<string, string>> = {
  flex: 'ALERT_FLEX_ALERT',
  emergency: 'ALERT_GRID_EMERGENCY',
  'black-start': 'ALERT_BLACK_START',
  'possible-outage': 'ALERT_POSSIBLE_OUTAGE',
  fire: 'ALERT_FIRE',
  freezing: 'ALERT_FREEZING',
  wind: 'ALERT_WIND',
  tsunami: 'ALERT_TSUNAMI',
  'air-quality': 'ALERT_AIR_QUALITY',
  other: 'ALERT_OTHER',
};

/** Alerts that call for less load (Definition, event payload types). */
export const SHEDDING_ALERTS: ReadonlySet<string> = new Set(['ALERT_FLEX_ALERT', 'ALERT_GRID_EMERGENCY', 'ALERT_BLACK_START']);
